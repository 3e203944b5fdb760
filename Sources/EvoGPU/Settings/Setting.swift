/// A setting of an algorithm, declared once: its default, what it means, what is accepted and where the default comes
/// from.
///
///     @Setting("Discount per step.", 0...1) public var gamma: PerMember = 0.99
///
/// The key in YAML is the property's name in snake case. What is declared here is what `evogpu algorithms` prints, what
/// `config.yaml` has as comments and what a refusal names.
@propertyWrapper
public struct Setting<Value: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
    public var wrappedValue: Value
    /// Nil in a value that was read from a file; ``SettingGroup`` asks the defaults instead.
    let declaration: SettingDeclaration?
    private let isAccepted: (@Sendable (Value) -> Bool)?

    /// - Parameters:
    ///   - meaning: whole sentences.
    ///   - accepts: what a value has to be, and the same in words.
    ///   - origin: the paper, table or code that the default comes from; nil for our own.
    ///   - also: what other libraries call this, so that a wrong key finds it.
    public init(
        wrappedValue: Value, _ meaning: String, accepts: (@Sendable (Value) -> Bool, String)? = nil,
        origin: String? = nil, also: [String] = []
    ) {
        self.wrappedValue = wrappedValue
        declaration = SettingDeclaration(
            meaning: meaning, accepted: accepts?.1 ?? Self.wordsForType, origin: origin, otherNames: also)
        isAccepted = accepts?.0
    }

    public init(from decoder: any Decoder) throws {
        wrappedValue = try Value(from: decoder)
        (declaration, isAccepted) = (nil, nil)
    }

    public func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }

    public static func == (a: Setting, b: Setting) -> Bool { a.wrappedValue == b.wrappedValue }

    private static var wordsForType: String {
        switch Value.self {
        case is Bool.Type: "true or false"
        case let words as any Choice.Type: words.listed
        default: "any value of its type"
        }
    }
}

/// What a ``Setting`` says of itself.
public struct SettingDeclaration: Sendable, Equatable {
    public let meaning: String, accepted: String, origin: String?
    let otherNames: [String]
}

extension Setting where Value == Int {
    public init(
        wrappedValue: Int, _ meaning: String, _ range: ClosedRange<Int>, origin: String? = nil, also: [String] = []
    ) {
        self.init(
            wrappedValue: wrappedValue, meaning,
            accepts: (
                { range.contains($0) },
                "a whole number from \(range.lowerBound) to \(range.upperBound)"
            ), origin: origin, also: also)
    }
}

extension Setting where Value == Double {
    public init(
        wrappedValue: Double, _ meaning: String, _ range: ClosedRange<Double>, origin: String? = nil,
        also: [String] = []
    ) {
        self.init(
            wrappedValue: wrappedValue, meaning,
            accepts: ({ range.contains($0) }, "\(range.lowerBound) to \(range.upperBound)"), origin: origin,
            also: also)
    }
}

extension Setting where Value == PerMember {
    public init(
        wrappedValue: PerMember, _ meaning: String, _ range: ClosedRange<Double>, origin: String? = nil,
        also: [String] = []
    ) {
        self.init(
            wrappedValue: wrappedValue, meaning,
            accepts: (
                { $0.given.allSatisfy { range.contains($0) } }, "\(range.lowerBound) to \(range.upperBound)"
            ),
            origin: origin, also: also)
    }
}

extension Setting where Value == PerMember? {
    public init(
        wrappedValue: PerMember?, _ meaning: String, _ range: ClosedRange<Double>, origin: String? = nil,
        also: [String] = []
    ) {
        self.init(
            wrappedValue: wrappedValue, meaning,
            accepts: (
                { $0?.given.allSatisfy { range.contains($0) } ?? true },
                "\(range.lowerBound) to \(range.upperBound)"
            ), origin: origin, also: also)
    }
}

extension Setting where Value == [Int] {
    /// Widths of layers.
    ///
    /// - Parameter counts: how many there may be.
    public init(
        wrappedValue: [Int], widths meaning: String, counts: ClosedRange<Int> = 0...64, origin: String? = nil,
        also: [String] = []
    ) {
        let words =
            counts == 2...2 ? "two widths from 1 to 4096" : "a list of widths from 1 to 4096"
        self.init(
            wrappedValue: wrappedValue, meaning,
            accepts: ({ counts.contains($0.count) && $0.allSatisfy { (1...4096).contains($0) } }, words),
            origin: origin, also: also)
    }
}

// MARK: Groups

/// A ``Setting`` of whatever type.
protocol AnySetting: Encodable {
    var declaration: SettingDeclaration? { get }
    /// Whether it is one number per member, and those that were given.
    var perMember: PerMember? { get }
    var shown: String { get }
    /// Whether this, a default with its declaration, accepts the value of another one.
    func accepts(_ other: any AnySetting) -> Bool
}

extension Setting: AnySetting {
    var perMember: PerMember? { wrappedValue as? PerMember }

    var shown: String {
        if let numbers = perMember?.given { return numbers.count == 1 ? "\(numbers[0])" : "\(numbers)" }
        if let word = wrappedValue as? any Choice { return word.rawValue }
        return "\(wrappedValue)"
    }

    func accepts(_ other: any AnySetting) -> Bool {
        guard let other = other as? Self else { return false }
        return isAccepted?(other.wrappedValue) ?? true
    }
}

/// A struct of ``Setting``s and of further groups, all of whose keys are in one flat list.
public protocol SettingGroup {
    init()
}

/// A setting with its key.
struct NamedSetting {
    let key: String, setting: any AnySetting
}

extension SettingGroup {
    /// Every setting in the order of its declaration. Of two with one key the later counts, in the earlier one's place.
    var settings: [NamedSetting] {
        var found: [NamedSetting] = []
        func add(_ setting: NamedSetting) {
            if let old = found.firstIndex(where: { $0.key == setting.key }) {
                found[old] = setting
            } else {
                found.append(setting)
            }
        }
        for child in Mirror(reflecting: self).children {
            if let setting = child.value as? any AnySetting, let label = child.label {
                add(NamedSetting(key: settingKey(String(label.drop { $0 == "_" })), setting: setting))
            } else if let group = child.value as? any SettingGroup {
                group.settings.forEach(add)
            }
        }
        return found
    }

    /// Checks every setting by itself against its declaration.
    ///
    /// - Parameter members: how many numbers a list with one for each has to have.
    /// - Throws: ``RunError`` naming the first that is not accepted, its value and what is.
    func checkEach(members: Int) throws {
        for (declared, mine) in zip(Self().settings, settings) {
            let setting = mine.setting
            if let numbers = setting.perMember, numbers.given.count > 1 {
                _ = try numbers.values(count: members, name: mine.key)
            }
            guard declared.setting.accepts(setting) else {
                throw RunError(
                    "\(mine.key) is \(setting.shown); accepted: \(declared.setting.declaration?.accepted ?? "")")
            }
        }
    }
}

/// A check of several settings together.
///
/// - Throws: ``RunError`` naming the key, the value and what is accepted, unless `isGood`.
func check(
    _ isGood: Bool, _ key: String, _ value: @autoclosure () -> Any, _ accepted: @autoclosure () -> String
) throws {
    if !isGood { throw RunError("\(key) is \(value()); accepted: \(accepted())") }
}

/// A property's name as a key: `maxKL` is `max_kl`, `gaeLambda` is `gae_lambda`. A key stays what it is.
func settingKey(_ property: String) -> String {
    var key = "", wasSmall = false
    for letter in property {
        if letter.isUppercase, wasSmall { key += "_" }
        key += letter.lowercased()
        wasSmall = letter.isLowercase || letter.isNumber
    }
    return key
}

extension Choice {
    /// Every word, as a sentence has them.
    static var listed: String {
        let words = allCases.map(\.rawValue)
        return words.count > 1
            ? words.dropLast().joined(separator: ", ") + " or " + words[words.count - 1] : words.joined()
    }
}
