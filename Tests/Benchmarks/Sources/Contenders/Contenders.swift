import Patching

/// What is measured side by side.
public enum Contenders {
    /// Every design that comes with the package.
    public static func designs() -> [any Patcher] { BuiltInPatchers.allCases.map { $0.make() } }

    /// The designs whose cost does not grow with the product of program and edits, for a million instructions.
    public static func linearDesigns() -> [any Patcher] { designs().filter { !isQuadratic($0) } }

    /// Whether a design takes minutes for a million edits.
    private static func isQuadratic(_ patcher: any Patcher) -> Bool {
        patcher.name == BuiltInPatchers.kernelArray.name
    }
}
