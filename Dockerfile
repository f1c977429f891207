# One image for every service of docker-compose.yml: Airflow, MLflow, Spark and the jobs, from the runtime lock.
FROM python:3.11-slim-bookworm AS build

# A Java runtime of the modules that Spark uses, and its archive of classes for a quick start.
RUN apt-get update && apt-get install -y --no-install-recommends binutils openjdk-17-jdk-headless
RUN jlink --compress 2 --strip-debug --no-header-files --no-man-pages --output /opt/java --add-modules \
      java.se,jdk.charsets,jdk.crypto.ec,jdk.incubator.vector,jdk.management,jdk.security.auth,jdk.security.jgss,jdk.unsupported,jdk.zipfs \
 && /opt/java/bin/java -Xshare:dump

RUN python3 -m venv --without-pip /opt/venv
ENV PATH=/opt/venv/bin:/opt/java/bin:$PATH JAVA_HOME=/opt/java
COPY requirements.lock ./
# Left out: tests of libraries, and of Spark what no job uses: its shell for Scala, and the state of streams in RocksDB.
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --require-hashes -r requirements.lock \
 && cd "$(python -c 'import pyspark; print(pyspark.__path__[0])')" \
 && rm -r jars/connect-repl jars/rocksdbjni-*.jar \
 && find /opt/venv/lib -type d -name tests -prune -exec rm -r {} +

# Connectors for a lake in an object store, as Maven coordinates: docs/lake.md.
ARG SPARK_PACKAGES=""
RUN if [ -n "$SPARK_PACKAGES" ]; then \
      python -c "import sys; from pyspark.sql import SparkSession as s; s.builder.config('spark.jars.packages', sys.argv[1]).config('spark.jars.ivy', '/tmp/ivy').getOrCreate()" "$SPARK_PACKAGES" \
      && cp /tmp/ivy/jars/*.jar "$(python -c 'import pyspark; print(pyspark.__path__[0])')/jars/" \
      && rm -r /tmp/ivy; \
    fi

FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends procps \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 50000 clv

COPY --from=build /opt/java /opt/java
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/clv
COPY jobs jobs
COPY dags dags
COPY plugins plugins
COPY sql sql
COPY expectations expectations

# PYTHONSAFEPATH keeps jobs/ itself off the import path, where its modules would shadow libraries.
ENV PATH=/opt/venv/bin:/opt/java/bin:$PATH JAVA_HOME=/opt/java \
    PYTHONPATH=/opt/clv PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYSPARK_PYTHON=python3 \
    AIRFLOW_HOME=/opt/clv/airflow AIRFLOW__CORE__DAGS_FOLDER=/opt/clv/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/clv/plugins AIRFLOW__CORE__LOAD_EXAMPLES=False
RUN mkdir -p /opt/clv/airflow /srv/clv /srv/landing /srv/dashboard \
 && chown -R clv /opt/clv/airflow /srv/clv /srv/landing /srv/dashboard
USER clv
