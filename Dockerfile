# syntax=docker/dockerfile:1
# One image for every process of the service: `docker run IMAGE worker`, `... sink`, `... web`, `... feed bundesliga`.
# It runs without root and on a read-only file system: only /data (and /tmp, where libraries want it) is written.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
WORKDIR /src
COPY requirements/ requirements/
RUN pip install --require-hashes -r requirements/uv.txt \
    && uv venv /opt/build \
    && uv pip install --python /opt/build/bin/python --require-hashes -r requirements/build.txt \
    && uv venv /opt/stream-app \
    && uv pip install --python /opt/stream-app/bin/python --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md ./
COPY schemas/ schemas/
COPY data/ data/
COPY stream_app/ stream_app/
# The chart script of the live view is fetched and verified here, and travels in the wheel.
RUN /opt/build/bin/python -c 'from stream_app.dev import jars; jars.unpack_web()' \
    && /opt/build/bin/python -m hatchling build -t wheel \
    && uv pip install --python /opt/stream-app/bin/python --no-deps dist/*.whl

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data stream-app && install -d -o stream-app /data
COPY --from=build /opt/stream-app /opt/stream-app
# One thread of linear algebra a process: more only fight over the processors.
ENV PATH=/opt/stream-app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    STREAM_APP_DATA_DIR=/data \
    STREAM_APP_WEB_HOST=0.0.0.0 \
    STREAM_APP_GATEWAY_HOST=0.0.0.0 \
    STREAM_APP_METRICS_HOST=0.0.0.0 \
    STREAM_APP_METRICS_PORT=9400
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8090 9400
# Every process that stays answers there; a command that ends by itself, and a feed, does not: switch it off for them.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9400/livez', timeout=4)"]
ENTRYPOINT ["stream-app"]
CMD ["--help"]
