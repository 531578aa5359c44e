"""Words that the measured order books are made of."""


def _words(*texts: str) -> list[str]:
    return [word for text in texts for word in text.split()]


FIRST = _words(
    "Anna Bernd Carla Dieter Emma Felix Greta Hans Ida Jan Karin Lars Maria Nils Olga Peter Quentin Rosa Stefan Tina Ulrich",
    "Vera Wilma Xaver Yvonne Zoe James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara",
    "Richard Susan Joseph Jessica Thomas Sarah Charles Karen Nancy Daniel Matthew Sandra José María Søren Zoë François",
)
LAST = _words(
    "Schmidt Müller Meyer Schulz Becker Wagner Hoffmann Koch Richter Klein Wolff Neumann Schwarz Zimmermann Krüger Hartmann",
    "Lange Werner Krause Lehmann Köhler Maier Fuchs Scholz Vogel Keller Frank Berger Winkler Roth Smith Johnson Williams",
    "Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson",
    "Martin Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres",
    "Nguyen Hill Flores Green Adams Nelson Baker Campbell Mitchell Carter Roberts Northwind Lindqvist Kowalski Papadopoulos",
)
COMPANY_FORMS = ("GmbH", "Ltd", "& Söhne", "Trading", "Logistics", "Handels-KG")
HAN_FORMS = ("有限公司", "商店", "贸易行", "火锅店")
SURNAMES = list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎")
GIVEN = list(
    "伟芳娜秀英敏静丽强磊军洋勇艳杰涛明超霞平刚桂兰玉萍红建文辉力健俊峰斌波凯浩宇轩梓涵诗雨欣怡佳琪嘉思晨晓梦雪婷慧莹颖琳瑶璐"
)
QUALITIES = _words(
    "Red Blue Steel Wooden Large Small Fine Garden Office Kitchen Travel Folding Heavy Light Double Oak Bamboo Copper",
    "Ceramic Linen Leather Glass Silver Golden Round Square Electric Manual Waterproof Vintage 红色 不锈钢 木制 便携",
)
NOUNS = _words(
    "Stuhl Tisch Lampe Teekanne Kessel Fahrrad Helm Bremse Sattel Pedal Regal Schublade Spiegel Teppich Kissen Vorhang Korb",
    "Eimer Leiter Hammer Chair Desk Kettle Bicycle Helmet Brake Saddle Shelf Mirror Carpet Pillow Curtain Basket Bucket",
    "Ladder Wrench Drill Blender Toaster Notebook 茶壶 椅子 台灯 自行车 头盔 地毯",
)
NOTES = (
    "Please deliver to the back door before noon.",
    "Call ahead, nobody is at home in the morning.",
    "Gift wrap, no invoice in the parcel.",
    "Leave it with the neighbour if nobody answers.",
    "Fragile, handle with care!",
    "Bitte Rechnung und neue Preisliste beilegen.",
    "请在上午送货，谢谢。",
    "送货前先打电话 😀",
)
