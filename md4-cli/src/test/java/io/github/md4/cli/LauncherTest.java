// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    List.of("JAVA_OPTS", "MD4_JAVA_OPTS").forEach(builder.environment()::remove);
    builder.environment().put("JAVA_HOME", root.resolve("jdk").toString());
    builder.environment().putAll(environment);
    Process process = builder.directory(folder.toFile()).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    List<String> lines = new ArrayList<>(text.lines().toList());
    lines.add("exit " + process.waitFor());
    return lines;
  }

  @Test
  void md4_startsTheJarWithItsArgumentsAsTheyAre() throws Exception {
    String jar = jar().toString();
    assertThat(run(root.resolve("bin/md4"), Map.of(), "train", "a b", "*", ""))
        .containsExactly("true", "-jar", jar, "train", "a b", "*", "", "exit 7");
  }

  @Test
  void md4_passesOptionsToJava() throws Exception {
    String jar = jar().toString();
    Map<String, String> options = Map.of("JAVA_OPTS", "-Xmx1g -Da=*", "MD4_JAVA_OPTS", "-Xmx2g");
    assertThat(run(root.resolve("bin/md4"), options))
        .containsExactly("true", "-Xmx1g", "-Da=*", "-Xmx2g", "-jar", jar, "exit 7");
  }

  @Test
  void md4_isFoundThroughLinks() throws Exception {
    String jar = jar().toString();
    Path relative = Files.createSymbolicLink(folder.resolve("a"), Path.of("my project/bin/md4"));
    Path absolute = Files.createSymbolicLink(folder.resolve("b"), relative.toAbsolutePath());
    assertThat(run(absolute, Map.of(), "-V")).containsExactly("true", "-jar", jar, "-V", "exit 7");
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
            "md4: " + jar + " is not built; run: mvn -DskipTests package (in " + root + ")",
            "exit 1");
    assertThat(jar()).exists();
    assertThat(run(root.resolve("bin/md4"), Map.of("JAVA_HOME", "/nowhere")))
        .containsExactly(
            "md4: there is no /nowhere/bin/java; install Java 17 or set JAVA_HOME", "exit 1");
  }
}
