FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY model model
COPY analysis analysis
COPY backend backend
COPY frontend frontend
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.13-slim
RUN useradd --uid 1000 --home-dir /tmp --no-create-home spanscope \
    && mkdir /runs /data \
    && chown spanscope:spanscope /runs /data
COPY --from=build /venv /venv
USER 1000:1000
WORKDIR /tmp
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 SPANSCOPE_RUNS=/runs SPANSCOPE_DATA=/data
VOLUME ["/runs", "/data"]
EXPOSE 8000
HEALTHCHECK --interval=10s --start-period=30s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz')"]
CMD ["spanscope", "serve", "--host", "0.0.0.0"]
