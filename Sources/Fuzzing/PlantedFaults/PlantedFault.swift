import Patching

/// The catalogue of faulty patchers: each has one fault and is otherwise exact.
///
/// They measure the harness: each is found, and its smallest case is known. A fault that no case tells from correct code
/// is not in the catalogue.
package enum PlantedFault: Hashable, Sendable {
    /// A damaged result of `delta-array`.
    case result(PlantedPatcher.Fault)
    /// A fault against a rule, in the reference.
    case rule(RuleFault)
    /// A fault in one of the designs.
    case design(DesignFault)

    /// All faults.
    package static let all: [PlantedFault] =
        PlantedPatcher.Fault.allCases.map(PlantedFault.result) + RuleFault.allCases.map(PlantedFault.rule)
        + DesignFault.allCases.map(PlantedFault.design)

    /// The faults by name.
    private static let named = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The fault with a name, or `nil`.
    package init?(name: String) {
        guard let fault = Self.named[name] else { return nil }
        self = fault
    }

    /// The name on the command line and in buckets: `planted-`, and the name in the code with dashes.
    package var name: String {
        switch self {
        case .result(let fault): fault.name
        case .rule(let fault): Self.name("\(fault)")
        case .design(let fault): Self.name("\(fault)")
        }
    }

    private static func name(_ code: String) -> String {
        "planted-" + code.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
    }

    /// The text of the fault, with the commit at its end if there is one.
    private var text: String {
        switch self {
        case .result(let fault): fault.text
        case .rule(let fault): fault.rawValue
        case .design(let fault): fault.rawValue
        }
    }

    /// The fault in words.
    package var summary: String {
        guard source != nil, let end = text.lastIndex(of: "(") else { return text }
        return String(text[..<end].dropLast())
    }

    /// The commit of Linux that mended such a fault, or `nil` for one of this project.
    package var source: String? {
        guard text.hasSuffix(")"), let start = text.lastIndex(of: "(") else { return nil }
        return "Linux " + text[text.index(after: start)...].dropLast()
    }

    /// True if it shows only in programs at the 16-bit limit.
    package var isFar: Bool {
        switch self {
        case .result: false
        case .rule(let fault): fault.isFar
        case .design(let fault): fault.isFar
        }
    }

    /// True if a case may show it only after other cases.
    package var carriesState: Bool { if case .design(let fault) = self { fault.carriesState } else { false } }

    /// True if it ends the process.
    package var isDeadly: Bool { self == .result(.trap) }

    /// Makes the patcher.
    package func make() -> any Patcher {
        switch self {
        case .result(let fault): PlantedPatcher(fault)
        case .rule(let fault): FaultyPatcher(fault, name: name)
        case .design(let fault): FaultyDesign(fault, name: name)
        }
    }
}

extension PlantedFault: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let fault = PlantedFault(name: name) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no fault \(name)")
        }
        self = fault
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}
