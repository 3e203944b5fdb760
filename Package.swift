// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "evogpu",
    products: [
        .executable(name: "evogpu", targets: ["evogpu"]),
        .library(name: "EvoGPU", targets: ["EvoGPU"]),
        .library(name: "GPUTensor", targets: ["GPUTensor"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")
    ],
    targets: [
        .systemLibrary(
            name: "COpenCL", pkgConfig: "OpenCL", providers: [.apt(["ocl-icd-opencl-dev", "opencl-headers"])]),
        // The .cl files are compiled into the C variants and embedded as text; SwiftPM itself has nothing to do with
        // them.
        .target(name: "Kernels", exclude: ["cl", "models"]),
        .target(name: "GPUTensor", dependencies: ["COpenCL", "Kernels"]),
        .target(name: "EvoGPU", dependencies: ["GPUTensor", "Kernels", "Yams"]),
        .executableTarget(
            name: "evogpu",
            dependencies: [
                "EvoGPU", .product(name: "ArgumentParser", package: "swift-argument-parser")
            ]),
        .testTarget(name: "GPUTensorTests", dependencies: ["GPUTensor", "Kernels"], resources: [.copy("Fixtures")]),
        .testTarget(name: "EvoGPUTests", dependencies: ["EvoGPU", "evogpu"], resources: [.copy("Fixtures")])
    ]
)
