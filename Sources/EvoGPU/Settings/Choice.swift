/// A setting that is one of a few words: an enum of strings whose refusal lists the words.
///
///     enum Advantage: String, Choice { case gae, monteCarlo = "monte_carlo" }
public protocol Choice: RawRepresentable, CaseIterable, Codable, Sendable where RawValue == String {}

extension Choice {
    public init(from decoder: any Decoder) throws {
        let word = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(rawValue: word) else {
            throw NotAccepted.error(at: decoder.codingPath, expected: Self.listed)
        }
        self = value
    }
}

/// Carries what a setting accepts from its decoding to the sentence that the user reads.
struct NotAccepted: Error {
    let expected: String

    static func error(at path: [any CodingKey], expected: String) -> DecodingError {
        .dataCorrupted(
            .init(codingPath: path, debugDescription: expected, underlyingError: NotAccepted(expected: expected)))
    }
}
