import KernelRewrites

/// Changes that the check cannot tell from right results, and the reason.
///
/// A row is for values that neither the program nor anything that a process may read determines. All other changes must be
/// seen, see ``TamperingCount/required``.
struct Unseeable: Sendable {
    var name: String
    var kind: Change.Kind
    /// The rewrites in whose patches it is so; `nil` for all code.
    var rewrites: Set<Rewrite>?
    var reason: String

    func covers(_ change: Change) -> Bool {
        guard change.kind == kind else { return false }
        guard let rewrites else { return true }
        return change.rewrite.map(rewrites.contains) ?? false
    }

    static let all: [Unseeable] = [
        Unseeable(
            name: "address", kind: .address, rewrites: nil,
            reason: "The kernel writes the address of an object of its own, which it shows nowhere else."),
        Unseeable(
            name: "function", kind: .helper, rewrites: nil,
            reason: "A call holds the distance to a function. Only calls of the same helper can be compared."),
        Unseeable(
            name: "field", kind: .field, rewrites: nil,
            reason: "Offset, size and bits of a field follow from the source of the kernel alone."),
        Unseeable(
            name: "base", kind: .base, rewrites: [.mapLookup],
            reason: "The distance is that of a field in a structure of the kernel."),
        Unseeable(
            name: "limit", kind: .constant, rewrites: [.pointerArithmetic],
            reason: "The limit follows from the range of the pointer, which only the verifier knows."),
    ]
}
