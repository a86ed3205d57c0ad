// SPDX-License-Identifier: Apache-2.0
// Runs the consumer, and its way through DJL's Criteria, with each version of DJL by each JDK that is here, and compares
// what they print.
def expected = [
  "a lantern near the mill but the bear waits happily while a",
  "the bear hides a teapot under an an old river while the",
  "the sleepy robin carries the broken key behind the bridge and a",
]

/** The Javas to try: the one of this build, and 17, 21 and 25 where the environment or the usual folder has them. */
def javas() {
  def homes = [new File(System.getProperty("java.home"))]
  homes += [17, 21, 25].collect { System.getenv("JAVA_HOME_${it}_X64") }.findAll().collect { new File(it) }
  homes += (new File("/usr/lib/jvm").listFiles() ?: []) as List
  homes.findAll { new File(it, "bin/java").canExecute() }
      .collectEntries { [(it.canonicalPath): release(it)] }
      .findAll { it.value in [17, 21, 25] }
}

def release(File home) {
  def file = new File(home, "release")
  def version = file.isFile() ? file.readLines().find { it.startsWith("JAVA_VERSION=") } : null
  version == null ? 0 : (version =~ /\d+/)[0] as int
}

/** Runs Java in the project's folder and gives the lines of its standard output. */
def lines(String home, List<String> arguments) {
  def command = ([home + "/bin/java"] + arguments).collect { it as String }
  def builder = new ProcessBuilder(command).directory(basedir)
  builder.environment().putAll([OPT_OUT_TRACKING: "true", OMP_NUM_THREADS: "1"])
  builder.redirectError(new File(basedir, "stderr.txt"))
  def process = builder.start()
  def text = process.inputStream.getText("UTF-8")
  assert process.waitFor() == 0 : new File(basedir, "stderr.txt").text
  text.readLines()
}

def libraries = basedir.listFiles().findAll { it.name.startsWith("lib-") }.collect { it.name }.sort()
assert libraries == ["lib-0.29.0", "lib-0.36.0"]
def tried = javas()
assert tried
tried.each { home, release ->
  libraries.each { lib ->
    println "Java ${release}, ${lib}"
    assert lines(home, ["-cp", "target/classes:${lib}/*", "consumer.Consumer"]) == expected
    assert lines(home, ["-cp", "target/classes:${lib}/*", "consumer.Door", "target/tiny"]) == expected
  }
}
println "not here, so not tried: Java " + ([17, 21, 25] - tried.values())
return true
