import Foundation

/// A setting as programs read it.
public struct SettingDescription: Encodable {
    public let key: String, meaning: String, accepted: String, origin: String?
    /// Encodes as the value itself.
    public let value: any Encodable

    init(_ key: String, _ setting: any AnySetting, _ declared: any SettingGroup) {
        let declaration = declared.settings.first { $0.key == key }?.setting.declaration
        (self.key, value) = (key, setting)
        meaning = declaration?.meaning ?? ""
        (accepted, origin) = (declaration?.accepted ?? "", declaration?.origin)
    }

    enum CodingKeys: String, CodingKey { case key, meaning, accepted, origin, value = "default" }

    public func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(key, forKey: .key)
        try keys.encode(meaning, forKey: .meaning)
        try keys.encode(accepted, forKey: .accepted)
        try keys.encodeIfPresent(origin, forKey: .origin)
        try value.encode(to: keys.superEncoder(forKey: .value))
    }
}

extension Configuration {
    /// Settings as YAML, each of an algorithm's below a comment with what it means, what is accepted and where its
    /// default comes from. The file reads back as what it was made from.
    ///
    /// - Parameter indent: spaces before every line.
    public static func described(_ config: some Encodable, indent: Int = 0) throws -> String {
        let declared = (config as? any SettingGroup).map { type(of: $0).init().settings } ?? []
        let comments = Dictionary(
            uniqueKeysWithValues: declared.compactMap { named in
                named.setting.declaration.map { (named.key, $0.sentences) }
            })
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        for line in try yaml(config).split(separator: "\n") {
            if let colon = line.firstIndex(of: ":"), let sentences = comments[String(line[..<colon])] {
                lines += filled(sentences, width: 118 - indent).map { margin + "# " + $0 }
            }
            lines.append(margin + line)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Words in lines of at most `width` characters.
    static func filled(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension SettingDeclaration {
    /// Meaning, what is accepted, and the default's origin.
    var sentences: String {
        meaning + " Accepted: \(accepted)." + (origin.map { " Default: \($0)." } ?? "")
    }
}
