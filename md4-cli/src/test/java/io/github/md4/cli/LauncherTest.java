// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bin/md4} in a copy of the project, with a Java that only says how it is called. */
final class LauncherTest {
  @TempDir private Path folder;

  /** The project, in a folder with a blank in its name. */
  private Path root;

  @BeforeEach
  void copyProject() throws IOException {
    root = Files.createDirectories(folder.toRealPath().resolve("my project"));
    Path script = Files.createDirectory(root.resolve("bin")).resolve("md4");
    // Surefire runs in the module's folder.
    Files.copy(Path.of("..", "bin", "md4"), script);
    Path java = Files.createDirectories(root.resolve("jdk/bin")).resolve("java");
    Files.writeString(
        java, "#!/bin/sh\necho \"$OPT_OUT_TRACKING\"\nfor a; do echo \"$a\"; done\nexit 7\n");
    for (Path file : List.of(script, java)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private Path jar() throws IOException {
    Path target = Files.createDirectories(root.resolve("md4-cli/target"));
    return Files.createFile(target.resolve("md4-cli.jar"));
  }

  /** Returns the lines it prints and, last, its exit code. */
  private List<String> run(Path script, Map<String, String> environment, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    List.of("JAVA_OPTS", "MD4_JAVA_OPTS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")
        .forEach(builder.environment()::remove);
    builder.environment().put("JAVA_HOME", root.resolve("jdk").toString());
    builder.environment().putAll(environment);
    Process process = builder.directory(folder.toFile()).start();
    String text = new String(process.getInputStream().readAllBytes(), UTF_8);
    List<String> lines = new ArrayList<>(text.lines().toList());
    lines.add("exit " + process.waitFor());
    return lines;
  }

  @Test
  void md4_startsTheJarWithItsArgumentsAsTheyAre() throws Exception {
    String jar = jar().toString();
    String script = root.resolve("bin/md4").toString();
    assertThat(run(root.resolve("bin/md4"), Map.of(), "sample", "a b", "*", ""))
        .containsExactly(
            "true",
            "-Xmn64m",
            "-Xlog:gc+ergo=error",
            "-Dmd4.typed=" + script,
            "-jar",
            jar,
            "sample",
            "a b",
            "*",
            "",
            "exit 7");
  }

  /** The memory of a training on a CPU, and of the plan of one, depends on no accident. */
  @ParameterizedTest
  @ValueSource(strings = {"train", "plan"})
  void md4_takesJavasHeapAtOnceForATrainingOnACpu(String command) throws Exception {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "a GPU is here");
    assertThat(jar()).exists();
    Path script = root.resolve("bin/md4");
    assertThat(run(script, Map.of(), command))
        .containsSubsequence(
            "-Xmn64m", "-Xms128m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-jar", command);
    assertThat(run(script, Map.of("MD4_JAVA_OPTS", "-Xmx96m"), command))
        .contains("-Xmx96m")
        .doesNotContain("-Xms128m", "-XX:+AlwaysPreTouch");
    assertThat(run(script, Map.of("JAVA_OPTS", "-XX:+UseG1GC"), command))
        .contains("-XX:+UseG1GC", "-Xms128m")
        .doesNotContain("-XX:+UseSerialGC");
  }

  /** A heap that Java could not have beside one of ours is the only one, wherever it is told. */
  @ParameterizedTest
  @CsvSource({
    "JDK_JAVA_OPTIONS, -Xmx64m",
    "JAVA_TOOL_OPTIONS, -Xmx64m",
    "_JAVA_OPTIONS, -Xmx64m",
    "JAVA_OPTS, -XX:MaxHeapSize=64m",
    "MD4_JAVA_OPTS, -XX:InitialRAMPercentage=5"
  })
  void md4_leavesTheHeapToTheEnvironment(String variable, String option) throws Exception {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "a GPU is here");
    assertThat(jar()).exists();
    Path script = root.resolve("bin/md4");
    assertThat(run(script, Map.of(variable, option), "train"))
        .contains("-XX:+UseSerialGC")
        .doesNotContain("-Xms128m", "-XX:+AlwaysPreTouch");
    assertThat(run(script, Map.of(variable, "-XX:+UseG1GC"), "train"))
        .contains("-Xms128m")
        .doesNotContain("-XX:+UseSerialGC");
  }

  @Test
  void md4_takesJavasHeapAtOnceForATrainingBehindAnOptionToo() throws Exception {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "a GPU is here");
    assertThat(jar()).exists();
    assertThat(run(root.resolve("bin/md4"), Map.of(), "--stacktrace", "train"))
        .containsSubsequence("-Xms128m", "-jar", "--stacktrace", "train");
    assertThat(run(root.resolve("bin/md4"), Map.of(), "help", "train")).doesNotContain("-Xms128m");
  }

  /** On a path that finds it, the program is md4; elsewhere it is what was typed. */
  @Test
  void md4_tellsJavaWhatWasTyped() throws Exception {
    assertThat(jar()).exists();
    Path typed = folder.resolve("type");
    Files.writeString(typed, "#!/bin/sh\nPATH='" + root.resolve("bin") + "':$PATH md4 train\n");
    Files.setPosixFilePermissions(typed, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(run(typed, Map.of())).contains("-Dmd4.typed=md4");
  }

  /** Prints its arguments, and whether the first is the name of a file. */
  static final class Names {
    public static void main(String[] args) {
      PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
      List.of(args).forEach(out::println);
      out.println(Files.exists(Path.of(args[0])));
    }
  }

  /** Makes a jar that runs {@link Names}. */
  private void namesJar() throws IOException {
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.MAIN_CLASS, Names.class.getName());
    URL classes = Names.class.getProtectionDomain().getCodeSource().getLocation();
    attributes.put(Attributes.Name.CLASS_PATH, classes.toString());
    new JarOutputStream(Files.newOutputStream(jar()), manifest).close();
  }

  /** The names of files and templates are UTF-8 in containers and under cron too. */
  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "xx_XX.UTF-8", ""})
  void md4_readsNamesBeyondAsciiInAnyLocale(String locale) throws Exception {
    namesJar();
    Path file = Path.of("gr\u00fc\u00dfe \u6f22.yaml");
    Path made = folder.resolve("make");
    Files.writeString(made, "#!/bin/sh\n: > '" + file + "'\n");
    Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
    Map<String, String> environment =
        Map.of("LC_ALL", locale, "LANG", "", "JAVA_HOME", System.getProperty("java.home"));
    assertThat(run(made, Map.of())).containsExactly("exit 0");
    assertThat(run(root.resolve("bin/md4"), environment, "" + file, "\u00e4 [MASK] \ud83d\ude00"))
        .containsExactly("" + file, "\u00e4 [MASK] \ud83d\ude00", "true", "exit 0");
  }

  @ParameterizedTest
  @CsvSource({"11.0.2, false", "1.8.0_292, false", "16, false", "17.0.15, true", "25, true"})
  void md4_refusesAnOldJavaInOneLine(String version, boolean isTaken) throws Exception {
    assertThat(jar()).exists();
    Files.writeString(root.resolve("jdk/release"), "A=\"b\"\nJAVA_VERSION=\"" + version + "\"\n");
    List<String> lines = run(root.resolve("bin/md4"), Map.of(), "-V");
    if (isTaken) {
      assertThat(lines).endsWith("exit 7");
    } else {
      assertThat(lines).hasSize(2).endsWith("exit 1");
      assertThat(lines.get(0))
          .startsWith("md4: " + root.resolve("jdk/bin/java") + " is Java ")
          .endsWith("; md4 needs Java 17 or newer: install it or set JAVA_HOME");
    }
  }

  @Test
  void md4_passesOptionsToJava() throws Exception {
    String jar = jar().toString();
    Map<String, String> options = Map.of("JAVA_OPTS", "-Xmx1g -Da=*", "MD4_JAVA_OPTS", "-Xmx2g");
    assertThat(run(root.resolve("bin/md4"), options))
        .containsSubsequence("-Xmn64m", "-Xmx1g", "-Da=*", "-Xmx2g", "-jar", jar, "exit 7");
  }

  @Test
  void md4_isFoundThroughLinks() throws Exception {
    String jar = jar().toString();
    Path relative = Files.createSymbolicLink(folder.resolve("a"), Path.of("my project/bin/md4"));
    Path absolute = Files.createSymbolicLink(folder.resolve("b"), relative.toAbsolutePath());
    assertThat(run(absolute, Map.of(), "-V")).endsWith("-jar", jar, "-V", "exit 7");
  }

  /** By the name of a shell, by a path from another folder, and through a link. */
  @ParameterizedTest
  @ValueSource(strings = {"sh", "bash", "zsh", "dash"})
  void md4_isRunByAnyShell(String shell) throws Exception {
    assumeTrue(Shells.isThere(shell), shell + " is not here");
    String jar = jar().toString();
    Files.createSymbolicLink(folder.resolve("a link"), Path.of("my project/bin/md4"));
    Map<String, String> options = Map.of("JAVA_OPTS", "-Da=b* -Xmx1g", "CDPATH", root.toString());
    for (String script : List.of("my project/bin/md4", "./a link", root + "/bin/md4")) {
      Path typed = Files.writeString(folder.resolve("type"), shell + " '" + script + "' train '*'");
      assertThat(run(Path.of("/bin/sh"), options, typed.toString()))
          .startsWith("true", "-Xmn64m", "-Xlog:gc+ergo=error")
          .endsWith(
              "-Dmd4.typed=" + script, "-Da=b*", "-Xmx1g", "-jar", jar, "train", "*", "exit 7");
    }
    Path typed =
        Files.writeString(folder.resolve("type"), "cd 'my project/bin' && " + shell + " md4 -V");
    assertThat(run(Path.of("/bin/sh"), Map.of(), typed.toString()))
        .endsWith("-jar", jar, "-V", "exit 7");
  }

  /** Where the environment has cd look in other folders first, the project is the script's. */
  @Test
  void md4_isFoundWhereverCdLooks() throws Exception {
    String jar = jar().toString();
    Path other = Files.createDirectories(folder.resolve("other/my project/bin")).getParent();
    Path typed = Files.writeString(folder.resolve("type"), "exec 'my project/bin/md4' -V");
    assertThat(run(Path.of("/bin/sh"), Map.of("CDPATH", "" + other.getParent()), "" + typed))
        .endsWith("-jar", jar, "-V", "exit 7");
  }

  @Test
  void md4_saysInOneLineThatTooFewFilesMayBeOpen() throws Exception {
    assertThat(jar()).exists();
    Path limited = folder.resolve("limited");
    Files.writeString(
        limited, "#!/bin/sh\nulimit -n 40\nexec '" + root.resolve("bin/md4") + "' train\n");
    Files.setPosixFilePermissions(limited, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(run(limited, Map.of()))
        .containsExactly(
            "md4: at most 40 files may be open at once, 128 are needed; raise it: ulimit -n 1024",
            "exit 1");
  }

  @Test
  void md4_saysInOneLineWhatIsMissing() throws Exception {
    String jar = root.resolve("md4-cli/target/md4-cli.jar").toString();
    assertThat(run(root.resolve("bin/md4"), Map.of()))
        .containsExactly(
            "md4: "
                + jar
                + " is not built; run: mvn -Dmaven.test.skip=true package (in "
                + root
                + ")",
            "exit 1");
    assertThat(jar()).exists();
    assertThat(run(root.resolve("bin/md4"), Map.of("JAVA_HOME", "/nowhere")))
        .containsExactly(
            "md4: there is no /nowhere/bin/java; install Java 17 or newer, or set JAVA_HOME",
            "exit 1");
  }
}
