import Foundation

/// The few file calls that a run needs, with their refusals as sentences. Foundation's own calls neither sync nor say
/// which call failed and why.
enum FileSystem {
    static func exists(_ url: URL) -> Bool { inode(url) != nil }

    /// The number that tells two files or folders at one path apart, or nil where there is nothing.
    static func inode(_ url: URL) -> UInt64? {
        var status = stat()
        return lstat(url.path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    static func isFolder(_ url: URL) -> Bool {
        var status = stat()
        return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func read(_ url: URL) throws -> Data {
        let file = try File(reading: url)
        return try file.read(count: file.size())
    }

    /// Names of what the folder holds, sorted.
    static func contents(of folder: URL) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        } catch {
            throw RunError(
                """
                cannot list the folder \(folder.path): \
                \(isFolder(folder) ? "it is not readable" : "there is no such folder")
                """
            )
        }
    }

    static func createFolder(_ url: URL) throws {
        if mkdir(url.path, 0o777) != 0 { throw refusal("create the folder", url) }
    }

    /// Creates the folder and those above it; one that is there already is fine.
    static func createFolders(_ url: URL) throws {
        guard !isFolder(url) else { return }
        let parent = url.deletingLastPathComponent()
        if parent.path != url.path { try createFolders(parent) }
        if mkdir(url.path, 0o777) != 0 && errno != EEXIST || !isFolder(url) { throw refusal("create the folder", url) }
    }

    static func remove(_ url: URL) throws {
        guard exists(url) else { return }
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            throw RunError("cannot remove \(url.path): \((error as NSError).localizedDescription)")
        }
    }

    static func move(_ source: URL, to target: URL) throws {
        if rename(source.path, target.path) != 0 { throw refusal("rename \(source.path) to", target) }
    }

    /// Swaps two paths in one step, so that neither name is ever absent. False where the C library or the file system
    /// cannot.
    static func exchange(_ one: URL, _ other: URL) -> Bool {
        // Glibc has renameat2 since 2.28 but shows it to C only under _GNU_SOURCE, so Swift has to look it up by name.
        typealias RenameAt2 = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else { return false }
        let renameat2 = unsafeBitCast(symbol, to: RenameAt2.self)
        let exchangeFlag: UInt32 = 1 << 1  // RENAME_EXCHANGE
        return renameat2(AT_FDCWD, one.path, AT_FDCWD, other.path, exchangeFlag) == 0
    }

    /// Waits until the folder's names are on the disk.
    static func sync(folder: URL) throws {
        try File(reading: folder).sync()
    }

    /// Writes a file so that a reader, or a crash, meets the old content or the new and never a part.
    static func writeAtomically(_ data: Data, to url: URL) throws {
        let temporary = url.deletingLastPathComponent().appendingPathComponent(
            ".\(url.lastPathComponent).new-\(getpid())")
        let file = try File(writing: temporary)
        try data.withUnsafeBytes { try file.write($0) }
        try file.sync()
        try move(temporary, to: url)
        try sync(folder: url.deletingLastPathComponent())
    }

    static func refusal(_ action: String, _ url: URL) -> RunError {
        RunError("cannot \(action) \(url.path): \(String(cString: strerror(errno)))")
    }
}

/// A file's bytes; let go when the last reference goes.
final class MappedFile {
    private let address: UnsafeMutableRawPointer?
    let count: Int

    fileprivate init(address: UnsafeMutableRawPointer?, count: Int) { (self.address, self.count) = (address, count) }
    deinit {
        if let address, munmap(address, count) != 0 {
            preconditionFailure("munmap: \(String(cString: strerror(errno)))")
        }
    }

    /// Bytes that are not copied and keep the file.
    func bytes(at offset: Int, count: Int) -> Data {
        precondition(offset >= 0 && count >= 0 && offset + count <= self.count)
        guard count > 0, let address else { return Data() }
        return Data(bytesNoCopy: address + offset, count: count, deallocator: .custom { [self] _, _ in _ = self })
    }
}

/// An open file; closed when the last reference goes.
final class File {
    private let descriptor: Int32
    let url: URL

    init(reading url: URL) throws {
        self.url = url
        descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw FileSystem.refusal("read", url) }
    }

    /// - Parameter flags: beside write-only; the default starts an empty file.
    init(writing url: URL, flags: Int32 = O_CREAT | O_TRUNC) throws {
        self.url = url
        descriptor = open(url.path, O_WRONLY | O_CLOEXEC | flags, 0o666)
        if descriptor < 0 { throw FileSystem.refusal("write", url) }
    }

    deinit { close(descriptor) }

    /// Keeps the file for this process until it closes it or ends, however it ends.
    ///
    /// - Throws: ``RunError`` if another process has it.
    func lock() throws {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw RunError("\(url.path): another process is writing to this run; one at a time is accepted")
        }
    }

    func size() throws -> Int {
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw FileSystem.refusal("read", url) }
        return Int(status.st_size)
    }

    func inode() throws -> UInt64 {
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw FileSystem.refusal("read", url) }
        return UInt64(status.st_ino)
    }

    /// The next `count` bytes; fewer only at the end of the file.
    func read(count: Int) throws -> Data {
        var data = Data(count: count)
        var filled = 0
        try data.withUnsafeMutableBytes { bytes in
            while filled < count {
                let got = Glibc.read(descriptor, bytes.baseAddress.map { $0 + filled }, count - filled)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { throw FileSystem.refusal("read", url) }
                if got == 0 { break }
                filled += got
            }
        }
        return filled == count ? data : data.prefix(filled)
    }

    /// The whole file in memory that the system reads and drops as it likes. The file must not be shortened meanwhile;
    /// ours are replaced as a whole, and the one that is mapped stays.
    func mapped() throws -> MappedFile {
        let count = try size()
        guard count > 0 else { return MappedFile(address: nil, count: 0) }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw FileSystem.refusal("read", url)
        }
        return MappedFile(address: address, count: count)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count {
            let put = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            if put < 0 && errno == EINTR { continue }
            if put < 0 { throw FileSystem.refusal("write", url) }
            written += put
        }
    }

    func truncate(to size: Int) throws {
        if ftruncate(descriptor, off_t(size)) != 0 { throw FileSystem.refusal("shorten", url) }
    }

    func sync() throws {
        if fsync(descriptor) != 0 { throw FileSystem.refusal("sync", url) }
    }
}
