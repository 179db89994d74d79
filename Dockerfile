FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /out/watchbell ./cmd/watchbell \
 && mkdir /out/data

# Nothing but the program (zone data is in it), the certificates it trusts and its data folder: no shell, no package manager.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/watchbell /watchbell
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# The program looks here for watchbell.yaml, and without DATABASE_URL it keeps everything in /data/watchbell.db.
WORKDIR /data
VOLUME /data
# Pages are served as localhost until WATCHBELL_WEB_URL names an address with https. Health is for the check below.
ENV WATCHBELL_LISTEN=:8080 WATCHBELL_OBSERVE=127.0.0.1:9090
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["/watchbell", "healthcheck"]
ENTRYPOINT ["/watchbell"]
CMD ["serve"]
