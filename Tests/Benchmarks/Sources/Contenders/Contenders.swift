import CIndexMap
import Patching
import Plugins

/// What is measured side by side.
package enum Contenders {
    /// Every design that comes with the package.
    package static func designs() -> [any Patcher] { BuiltInPatchers.allCases.map { $0.make() } }

    /// The designs whose cost does not grow with the product of program and edits, for a million instructions.
    package static func linearDesigns() -> [any Patcher] { designs().filter { !isQuadratic($0) } }

    /// The index map in C once more, behind the C ABI: beside ``CIndexMapPatcher`` it shows what that costs.
    package static func plugin() -> any Patcher {
        do { return unsafe try LinkedPlugin.makePatcher(of: { unsafe bpf_patcher_v1() }) } catch {
            fatalError("\(error)")
        }
    }

    /// Whether a design takes minutes for a million edits.
    private static func isQuadratic(_ patcher: any Patcher) -> Bool {
        patcher.name == BuiltInPatchers.kernelArray.name
    }
}
