FROM python:3.13-slim

RUN useradd --create-home --uid 1000 spanscope \
    && mkdir /runs /data \
    && chown spanscope:spanscope /runs /data

WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY model model
COPY analysis analysis
COPY backend backend
COPY frontend frontend
RUN pip install --no-cache-dir --constraint constraints.txt .

USER spanscope
ENV SPANSCOPE_RUNS=/runs SPANSCOPE_DATA=/data
VOLUME ["/runs", "/data"]
EXPOSE 8000
HEALTHCHECK --start-period=20s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz')"]
CMD ["spanscope", "serve", "--host", "0.0.0.0"]
