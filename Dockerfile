# The images of the service, one per process: docker build --target api .   (or control, worker)
# docker-compose.yml builds and configures them and asks for their health, because an OCI image cannot hold a health check. Everything else
# comes from the environment of the container. The processes write to /scratch alone: they run with a read-only root file system and without
# capabilities.
FROM eclipse-temurin:25.0.4.1_1-jdk AS build
WORKDIR /src
COPY . .
# Into target/dependency of each module: exactly what its process needs.
RUN --mount=type=cache,target=/root/.m2 \
    ./mvnw -q -B -pl api,workflows/app,workers-gpu/worker -am package dependency:copy-dependencies -DincludeScope=runtime \
      -Dmaven.test.skip=true -Denforcer.skip=true

FROM eclipse-temurin:25.0.4.1_1-jre AS base
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /scratch quern && mkdir /scratch && chown quern:quern /scratch
# A volume of its own for every container: no two processes share a scratch folder.
VOLUME /scratch
ENV QUERN_SCRATCH=/scratch
USER quern
WORKDIR /scratch

FROM base AS api
COPY --from=build /src/api/target/dependency /src/api/target/quern-api.jar /opt/quern/lib/
ENV SERVER_ADDRESS=0.0.0.0 SERVER_PORT=8080
EXPOSE 8080
ENTRYPOINT ["java", "-Djava.io.tmpdir=/scratch", "-XX:-UsePerfData", "-XX:MaxRAMPercentage=60", "-XX:+ExitOnOutOfMemoryError", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-cp", "/opt/quern/lib/*", "dev.quern.api.ApiApplication"]

FROM base AS control
COPY --from=build /src/workflows/app/target/dependency /src/workflows/app/target/quern-control.jar /opt/quern/lib/
ENV QUERN_HTTP_PORT=8081
ENTRYPOINT ["java", "-Djava.io.tmpdir=/scratch", "-XX:-UsePerfData", "-XX:MaxRAMPercentage=60", "-XX:+ExitOnOutOfMemoryError", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-cp", "/opt/quern/lib/*", "dev.quern.control.ControlApplication"]

FROM base AS worker
COPY --from=build /src/workers-gpu/worker/target/dependency /src/workers-gpu/worker/target/quern-worker.jar /opt/quern/lib/
# Docker itself grants 10 s; docker-compose.yml grants 60 s.
ENV QUERN_HTTP_PORT=8082 QUERN_GRACE=50
# Tensors lie outside the heap.
ENTRYPOINT ["java", "-Djava.io.tmpdir=/scratch", "-XX:-UsePerfData", "-XX:MaxRAMPercentage=25", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-cp", "/opt/quern/lib/*", "dev.quern.worker.WorkerMain", "--lifetime", "signal"]
