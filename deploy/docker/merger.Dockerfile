# docker build -f deploy/docker/merger.Dockerfile -t edge-moe-video/merger .
FROM docker.io/library/python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/venv
WORKDIR /src
COPY constraints.txt ./
# Dependencies first: they change less often than our code.
COPY pyproject.toml README.md LICENSE ./
RUN mkdir -p shared gateway expert_node merger deploy \
    && /opt/venv/bin/pip install -c constraints.txt '.[merger,tracing]' \
    && /opt/venv/bin/pip uninstall -y edge-moe-video
COPY shared shared
COPY merger merger
RUN /opt/venv/bin/pip install --no-deps . && /opt/venv/bin/pip uninstall -y pip

FROM docker.io/library/python:3.11-slim
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 MERGER_HOST=0.0.0.0 MERGER_PORT=8201
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin service \
    && install -d -o service -g service /home/service/.cache
USER service
WORKDIR /home/service
EXPOSE 8201
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8201/healthz', timeout=2)"]
CMD ["python3", "-m", "merger"]
