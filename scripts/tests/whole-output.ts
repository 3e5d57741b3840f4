// Read before each test file. The runner ends a test's process with its last test, and what it still had to say in its pipe went
// with it: hundreds of quick tests, of which a busy runner saw the first. Writing until it is written loses nothing.
const { _handle: pipe } = process.stdout as { _handle?: { setBlocking?(isBlocking: boolean): number } };
pipe?.setBlocking?.(true);
