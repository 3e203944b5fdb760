import EvoGPU
import Foundation
import Testing

/// A folder of its own for one test; removed when the last reference goes.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("evogpu-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func callAsFunction(_ name: String) -> URL { url.appendingPathComponent(name) }

    @discardableResult
    func file(_ name: String, _ text: String) throws -> URL { try file(name, Data(text.utf8)) }

    @discardableResult
    func file(_ name: String, _ data: Data) throws -> URL {
        let url = self(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
        return url
    }

    func text(_ name: String) throws -> String { String(decoding: try Data(contentsOf: self(name)), as: UTF8.self) }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }
}

/// Expects the refusal whose sentence is exactly this, with the path of `folder` written as FOLDER. A sentence is one line.
func expectRefusal(_ sentence: String, in folder: TemporaryFolder? = nil, sourceLocation: SourceLocation = #_sourceLocation,
                   _ body: () throws -> Void) {
    do {
        try body()
        Issue.record("nothing was refused; expected: \(sentence)", sourceLocation: sourceLocation)
    } catch let error as RunError {
        var said = error.description
        if let folder { said = said.replacingOccurrences(of: folder.url.path, with: "FOLDER") }
        #expect(said == sentence, sourceLocation: sourceLocation)
    } catch {
        Issue.record("not a RunError: \(error)", sourceLocation: sourceLocation)
    }
}
