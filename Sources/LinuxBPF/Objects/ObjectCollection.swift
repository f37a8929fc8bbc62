/// The programs of many objects, from files and folders, and what had to be left out.
package struct ObjectCollection: Hashable, Sendable {
    /// The objects of which at least something was read, in the order of the paths, within a folder by name.
    package var files: [ObjectFile]
    /// Every file, folder and program that was refused, in the same order.
    package var refusals: [ObjectError]

    /// The usable programs of all objects, in order.
    ///
    /// - Complexity: O(programs)
    package var programs: [ObjectProgram] { files.flatMap(\.programs) }

    /// Reads files as they are named, and from folders, with the folders in them, the files whose names end in `.o`.
    ///
    /// Links to folders are not followed inside a folder. A file that cannot be read is a refusal, and the rest
    /// continues.
    ///
    /// - Complexity: O(bytes of all objects)
    package init(paths: [String]) {
        files = []
        refusals = []
        for entry in ObjectPaths(paths).entries {
            switch entry {
            case .file(let path): read(path)
            case .refusal(let refusal): refusals.append(refusal)
            }
        }
    }

    private mutating func read(_ path: String) {
        do throws(ObjectError) {
            let file = try ObjectFile(path: path)
            files.append(file)
            refusals += file.refusals
        } catch {
            refusals.append(error)
        }
    }
}
