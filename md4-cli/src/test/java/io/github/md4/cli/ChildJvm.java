// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Another Java with this one's classes. */
public final class ChildJvm implements AutoCloseable {
  private static final System.Logger LOGGER = System.getLogger(ChildJvm.class.getName());
  private static final long PATIENCE_SECONDS = 60;

  private final Process process;
  private final BufferedReader out;

  private ChildJvm(Process process) {
    this.process = process;
    this.out = process.inputReader(StandardCharsets.UTF_8);
  }

  public static ChildJvm start(Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    return startIn(Path.of(""), main, environment, args);
  }

  /** As {@link #start(Class, Map, String...)}, with another class path. */
  static ChildJvm start(
      String classPath, Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    return started(Path.of(""), java(classPath, main, args), environment);
  }

  /** As {@link #start(Class, Map, String...)}, in a folder of its own. */
  static ChildJvm startIn(
      Path folder, Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    String classPath = System.getProperty("java.class.path");
    return started(folder, java(classPath, main, args), environment);
  }

  /** As {@link #start(Class, Map, String...)}, deaf to SIGHUP as by nohup, with a closed stdin. */
  static ChildJvm startDetached(Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "trap '' HUP; exec \"$@\" <&-", "sh"));
    command.addAll(java(System.getProperty("java.class.path"), main, args));
    return started(Path.of(""), command, environment);
  }

  /** Returns the command that starts a Java which begins fast. */
  private static List<String> java(String classPath, Class<?> main, String... args) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>(List.of(java, "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-XX:+UseSerialGC", "-cp", classPath, main.getName()));
    command.addAll(List.of(args));
    return command;
  }

  private static ChildJvm started(
      Path folder, List<String> command, Map<String, String> environment) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toAbsolutePath().toFile());
    builder.environment().putAll(environment);
    return new ChildJvm(builder.start());
  }

  /** Waits for the next line on its stdout. */
  public String line() throws IOException {
    return out.readLine();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Returns all that one who has ended said on stderr, for a test's message. */
  String lastWords() {
    try {
      return process.isAlive() ? "" : err();
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Returns the processes that it has started. */
  List<ProcessHandle> children() {
    return process.children().toList();
  }

  /** Reads its stdout no more. */
  void closeOut() throws IOException {
    out.close();
  }

  /** Sends SIG{@code name}. */
  public void signal(String name) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, "" + process.pid()).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
  }

  public int exitCode() throws InterruptedException {
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("has ended").isTrue();
    return process.exitValue();
  }

  /** Reads its stderr from now on, for nobody. */
  void ignoreErr() {
    Thread reader =
        new Thread(
            () -> {
              try (InputStream err = process.getErrorStream()) {
                err.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                LOGGER.log(System.Logger.Level.DEBUG, "the child has ended", e);
              }
            });
    reader.setDaemon(true);
    reader.start();
  }

  /** Returns all it said on stderr. */
  public String err() throws IOException {
    try (InputStream err = process.getErrorStream()) {
      return new String(err.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
