// SPDX-License-Identifier: Apache-2.0
// Runs the module on the module path, where DJL's jars and ours are automatic modules. The jar of the native libraries
// stays on the class path: the name that its manifest gives it is no name of a module.
def jars = new File(basedir, "lib-0.29.0").listFiles() as List
def (natives, modules) = jars.split { it.name.startsWith("pytorch-native") }
assert natives.size() == 1
def path = (["target/modular-1.jar"] + modules.collect { it.path }).join(":")
def command = [System.getProperty("java.home") + "/bin/java", "-p", path, "-cp", natives[0].path]
command += ["-m", "consumer/consumer.Consumer"]
def builder = new ProcessBuilder(command.collect { it as String }).directory(basedir)
builder.environment().putAll([OPT_OUT_TRACKING: "true", OMP_NUM_THREADS: "1"])
builder.redirectError(new File(basedir, "stderr.txt"))
def process = builder.start()
def lines = process.inputStream.getText("UTF-8").readLines()
assert process.waitFor() == 0 : new File(basedir, "stderr.txt").text
assert lines[0] == "a lantern near the mill but the bear waits happily while a"
assert lines.size() == 3
return true
