# The multi-stage Dockerfile that most guides show, for the same project. The certificate secret is the only addition:
# without it the comparison could not be made behind a company's certificate authority.
FROM python:3.11-slim-bookworm AS builder
WORKDIR /build
COPY requirements.txt .
RUN --mount=type=secret,id=ca.pem \
    if [ -s /run/secrets/ca.pem ]; then export PIP_CERT=/run/secrets/ca.pem; fi; \
    pip install --user --no-cache-dir -r requirements.txt

FROM python:3.11-slim-bookworm
WORKDIR /app
COPY --from=builder /root/.local /root/.local
COPY . .
ENV PATH=/root/.local/bin:$PATH
ENV SERVICE_HOST=0.0.0.0
EXPOSE 8000
CMD ["python", "-m", "service"]
