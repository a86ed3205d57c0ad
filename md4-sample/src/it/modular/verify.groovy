// SPDX-License-Identifier: Apache-2.0
// Runs the module on the module path, where DJL's jars and ours are automatic modules.
def arguments = ["-p", "target/modular-1.jar:lib-0.29.0", "-m", "consumer/consumer.Consumer"]
def builder = new ProcessBuilder([System.getProperty("java.home") + "/bin/java"] + arguments).directory(basedir)
builder.environment().putAll([OPT_OUT_TRACKING: "true", OMP_NUM_THREADS: "1"])
builder.redirectError(new File(basedir, "stderr.txt"))
def process = builder.start()
def lines = process.inputStream.getText("UTF-8").readLines()
assert process.waitFor() == 0 : new File(basedir, "stderr.txt").text
assert lines[0] == "a lantern near the mill but the bear waits happily while a"
assert lines.size() == 3
return true
