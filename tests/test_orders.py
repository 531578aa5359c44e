from tests.documents import *
async def test_x(company, client):
    o = await an_order(company)
    print(o)
    async with unchanged(company):
        p = await refused(company, CREATE_ORDER, lines=[])
        print(p)
