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
        for (index, file) in files.enumerated() {
            for kernel in Self.parse(file.text, file: index, onHost: file.onHost) {
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
    ///
    /// A template's kernels are named by a macro: `void WORD(step)(arguments)` is `NAME_step` where the text says
    /// `#define WORD_NAME NAME` (the last time, if several), and NAME may be such a macro itself.
    static func parse(_ text: String, file: Int, onHost: Bool) -> [KernelSignature] {
        var code = "", names: [Substring: Substring] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("#") else {
                code += (line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line) + "\n"
                continue
            }
            let words = line.split(separator: " ")
            if words.count == 3, words[0] == "#define", words[1].hasSuffix("_NAME") { names[words[1]] = words[2] }
        }
        func resolved(_ name: Substring, _ word: Substring) -> String {
            var name = name + "_NAME"
            while let meaning = names[name] { name = meaning }
            return "\(name)_\(word)"
        }
        return code.split(separator: "__kernel", omittingEmptySubsequences: false).dropFirst().map { part in
            guard let word = part.firstRange(of: "void "), var open = part[word.upperBound...].firstIndex(of: "("),
                var close = part[open...].firstIndex(of: ")")
            else { preconditionFailure("a kernel without a signature in file \(file)") }
            var name = String(part[word.upperBound..<open].filter { !$0.isWhitespace })
            let next = part.index(after: close)
            if part[next...].first == "(", let end = part[next...].firstIndex(of: ")") {  // void WORD(step)(arguments)
                name = resolved(name[...], part[part.index(after: open)..<close])
                (open, close) = (next, end)
            }
            let parameters = part[part.index(after: open)..<close].split(separator: ",").map {
                Self.parameter(String($0), of: name)
            }
            return KernelSignature(
                name: name, parameters: parameters, file: file, onHost: onHost,
                usesLocalMemory: part[..<word.lowerBound].contains("reqd_work_group_size"))
        }
    }

    private static func parameter(_ text: String, of kernel: String) -> KernelParameter {
        let spaced = text.replacing("*", with: " * ")
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
