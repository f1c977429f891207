# One image for every service of docker-compose.yml: Airflow, MLflow, Spark and the jobs, from the runtime lock.
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends openjdk-17-jre-headless procps \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 50000 clv

WORKDIR /opt/clv
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

# Connectors for a lake in an object store, as Maven coordinates: docs/lake.md.
ARG SPARK_PACKAGES=""
RUN if [ -n "$SPARK_PACKAGES" ]; then \
      python -c "import sys; from pyspark.sql import SparkSession as s; s.builder.config('spark.jars.packages', sys.argv[1]).config('spark.jars.ivy', '/tmp/ivy').getOrCreate()" "$SPARK_PACKAGES" \
      && cp /tmp/ivy/jars/*.jar "$(python -c 'import pyspark; print(pyspark.__path__[0])')/jars/" \
      && rm -r /tmp/ivy; \
    fi

COPY jobs jobs
COPY dags dags
COPY plugins plugins
COPY sql sql
COPY expectations expectations

# PYTHONSAFEPATH keeps jobs/ itself off the import path, where its modules would shadow libraries.
ENV PYTHONPATH=/opt/clv PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYSPARK_PYTHON=python3 \
    AIRFLOW_HOME=/opt/clv/airflow AIRFLOW__CORE__DAGS_FOLDER=/opt/clv/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/clv/plugins AIRFLOW__CORE__LOAD_EXAMPLES=False
RUN mkdir -p /opt/clv/airflow /srv/clv /srv/landing /srv/dashboard \
 && chown -R clv /opt/clv/airflow /srv/clv /srv/landing /srv/dashboard
USER clv
