/// The programs of many objects, from files and folders, and what had to be left out.
public struct ObjectCollection: Hashable, Sendable {
    /// The objects of which at least something was read, in the order of the paths, within a folder by name.
    public var files: [ObjectFile]
    /// Every file, folder and program that was refused, in the same order.
    public var refusals: [ObjectError]

    /// The usable programs of all objects, in order.
    ///
    /// - Complexity: O(programs)
    public var programs: [ObjectProgram] { files.flatMap(\.programs) }

    /// Reads files as they are named, and from folders, with the folders in them, the files whose names end in `.o`.
    ///
    /// Links to folders are not followed inside a folder. What cannot be read is a refusal and ends nothing.
    ///
    /// - Complexity: O(bytes of all objects)
    public init(paths: [String]) {
        files = []
        refusals = []
        for path in paths {
            do throws(ObjectError) {
                if try HostFile.kind(of: path) != .folder {
                    read(path)
                } else if try !readFolder(path) {
                    refusals.append(ObjectError(object: path, .noObject))
                }
            } catch {
                refusals.append(error)
            }
        }
    }

    /// Reads what is in a folder; says whether there was an object, or something that hid whether there is one.
    private mutating func readFolder(_ path: String) throws(ObjectError) -> Bool {
        var isAnythingThere = false
        for name in try HostFile.names(in: path) {
            let inner = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
            do throws(ObjectError) {
                if try HostFile.kind(of: inner, followingLinks: false) == .folder {
                    if try readFolder(inner) { isAnythingThere = true }
                } else if name.hasSuffix(".o"), try HostFile.kind(of: inner) != .folder {
                    isAnythingThere = true
                    read(inner)
                }
            } catch {
                isAnythingThere = true
                refusals.append(error)
            }
        }
        return isAnythingThere
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
