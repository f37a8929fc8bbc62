# SPDX-License-Identifier: BSD-2-Clause
FROM swift:6.3-bookworm AS build
WORKDIR /src
# The packages first, so that a change of the sources does not install them again.
COPY .ci/setup .ci/setup
RUN .ci/setup build
COPY . .
RUN swift build -c release --product bpf-patch-fuzz \
    && cp -L .build/release/bpf-patch-fuzz /usr/local/bin/

FROM swift:6.3-bookworm-slim
COPY .ci/setup /tmp/setup
RUN /tmp/setup run \
    && rm -rf /tmp/setup /var/lib/apt/lists/* \
    && useradd --create-home fuzz
COPY --from=build /usr/local/bin/bpf-patch-fuzz /usr/local/bin/
USER fuzz
WORKDIR /home/fuzz
ENTRYPOINT ["bpf-patch-fuzz"]
