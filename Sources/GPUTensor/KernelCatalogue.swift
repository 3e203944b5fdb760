import Foundation
import Kernels

/// One argument of a kernel as its source declares it.
package struct KernelParameter: Equatable {
    package enum Kind: Equatable {
        case pointer(ElementType, written: Bool), scalar(ElementType)
        package var type: ElementType {
            switch self {
            case .pointer(let type, _), .scalar(let type): type
            }
        }
    }
    package let name: String
    package let kind: Kind
}

/// A kernel's name, its arguments and the file it lives in.
package struct KernelSignature {
    package let name: String
    package let parameters: [KernelParameter]
    let file: Int
    let onHost: Bool
    let usesLocalMemory: Bool
}

/// Every kernel of the embedded sources, read from the same text that drivers build, and of what was registered since.
package final class KernelCatalogue: @unchecked Sendable {  // what changes is guarded by `lock`
    struct File: Sendable { let name: String, text: String, onHost: Bool }
    private let lock = NSLock()
    private var files: [File]
    private let sharedCount: Int
    private var kernels: [String: KernelSignature]

    package static let shared = KernelCatalogue()

    /// Adds a file of kernels that only OpenCL devices can build. The same name again is ignored: its text must be the
    /// same.
    package static func register(name: String, text: String) {
        shared.lock.lock()
        defer { shared.lock.unlock() }
        if let known = shared.files.first(where: { $0.name == name }) {
            precondition(known.text == text, "two files of kernels are named \(name)")
            return
        }
        shared.files.append(File(name: name, text: text, onHost: false))
        for kernel in parse(text, file: shared.files.count - 1, onHost: false) { shared.kernels[kernel.name] = kernel }
    }

    package func kernel(_ name: String) -> KernelSignature? {
        lock.lock()
        defer { lock.unlock() }
        return kernels[name]
    }
    func fileName(_ file: Int) -> String {
        lock.lock()
        defer { lock.unlock() }
        return files[file].name
    }
    /// Names of the kernels that the CPU backend has to have, too.
    package var hostKernels: Set<String> {
        lock.lock()
        defer { lock.unlock() }
        return Set(kernels.values.lazy.filter(\.onHost).map(\.name))
    }

    private init() {
        var count: Int32 = 0
        let sources = kernel_sources(&count)!
        let files = (0..<Int(count)).map {
            File(
                name: String(cString: sources[$0].name), text: String(cString: sources[$0].text),
                onHost: sources[$0].on_host != 0)
        }
        self.files = files
        sharedCount = Int(kernel_shared_sources)
        var kernels: [String: KernelSignature] = [:]
        // environment.cl holds a macro that makes NAME##_reset and NAME##_step in every file with a line
        // ENVIRONMENT...(NAME, ...).
        var templates: [KernelSignature] = []
        for (index, file) in files.enumerated() {
            var found = Self.parse(file.text, file: index, onHost: file.onHost)
            templates += found.filter { $0.name.hasPrefix("NAME##") }
            found.removeAll { $0.name.hasPrefix("NAME##") }
            for line in file.text.split(separator: "\n") where line.hasPrefix("ENVIRONMENT") {
                guard let open = line.firstIndex(of: "("), let comma = line.firstIndex(of: ",") else { continue }
                let name = String(line[line.index(after: open)..<comma])
                found += templates.map {
                    KernelSignature(
                        name: $0.name.replacing("NAME##", with: name), parameters: $0.parameters, file: index,
                        onHost: true, usesLocalMemory: false)
                }
            }
            for kernel in found {
                precondition(kernels[kernel.name] == nil, "two kernels are named \(kernel.name)")
                kernels[kernel.name] = kernel
            }
        }
        self.kernels = kernels
    }

    /// The program text that holds a kernel file: the shared files, then the file itself.
    func programText(file: Int) -> String {
        lock.lock()
        defer { lock.unlock() }
        return (files[..<sharedCount].map(\.text) + (file < sharedCount ? [] : [files[file].text])).joined(
            separator: "\n")
    }

    /// Finds `__kernel void name(arguments)`; comments are skipped, attributes between the words allowed.
    static func parse(_ text: String, file: Int, onHost: Bool) -> [KernelSignature] {
        var code = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("#") {
            code += (line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line) + "\n"
        }
        // kernels.cl names its kernels MODEL(step): the name of the model in the same text, then the word.
        if let line = text.ranges(of: "#define MODEL_NAME ").last {
            let model = text[line.upperBound...].prefix { !$0.isNewline }
            for word in ["reset", "place", "step"] {
                code = code.replacing("void MODEL(\(word))", with: "void \(model)_\(word)")
            }
        }
        return code.split(separator: "__kernel", omittingEmptySubsequences: false).dropFirst().map { part in
            guard let word = part.firstRange(of: "void "), let open = part[word.upperBound...].firstIndex(of: "("),
                let close = part[open...].firstIndex(of: ")")
            else { preconditionFailure("a kernel without a signature in file \(file)") }
            let name = String(part[word.upperBound..<open].filter { !$0.isWhitespace })
            let parameters = part[part.index(after: open)..<close].split(separator: ",").map {
                Self.parameter(String($0), of: name)
            }
            return KernelSignature(
                name: name, parameters: parameters, file: file, onHost: onHost,
                usesLocalMemory: part[..<word.lowerBound].contains("reqd_work_group_size"))
        }
    }

    private static func parameter(_ text: String, of kernel: String) -> KernelParameter {
        let spaced = text.replacing("*", with: " * ").replacing("\\", with: " ")
        let words = spaced.split(whereSeparator: \.isWhitespace).map(String.init)
        let types: [String: ElementType] = ["float": .float32, "int": .int32, "uint": .uint32, "ulong": .uint64]
        guard let type = words.lazy.compactMap({ types[$0] }).first, let name = words.last else {
            preconditionFailure("kernel \(kernel) has an argument that can't be passed: \(text)")
        }
        if words.contains("*") {
            #if DEBUG
                let suffixes = words.contains("const") ? ["_in"] : ["_out", "_inout"]
                precondition(
                    suffixes.contains { name.hasSuffix($0) },
                    "kernel \(kernel): pointer \(name) must end in \(suffixes.joined(separator: " or "))")
            #endif
            return KernelParameter(name: name, kind: .pointer(type, written: !words.contains("const")))
        }
        return KernelParameter(name: name, kind: .scalar(type))
    }
}
