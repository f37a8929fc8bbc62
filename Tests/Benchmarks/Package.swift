// swift-tools-version: 6.2
import PackageDescription

// What measures the code is a package of its own, so that the root package stays light.
let package = Package(
    name: "Benchmarks",
    dependencies: [.package(name: "bpf-patch-fuzz", path: "../..")],
    targets: [
        .executableTarget(
            name: "cases",
            dependencies: [
                .product(name: "Fuzzing", package: "bpf-patch-fuzz"),
                .product(name: "BPFPatching", package: "bpf-patch-fuzz"),
            ])
    ]
)
