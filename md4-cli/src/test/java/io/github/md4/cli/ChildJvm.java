// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Another Java with this one's classes. */
public final class ChildJvm implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private final Process process;
  private final BufferedReader out;

  private ChildJvm(Process process) {
    this.process = process;
    this.out = process.inputReader(StandardCharsets.UTF_8);
  }

  public static ChildJvm start(Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    return start(System.getProperty("java.class.path"), main, environment, args);
  }

  /** As {@link #start(Class, Map, String...)}, with another class path. */
  static ChildJvm start(
      String classPath, Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    return start(List.of("-Xshare:auto", "-cp", classPath), main, environment, args);
  }

  /** As {@link #start(Class, Map, String...)}, with options that let Java start fast. */
  static ChildJvm startFast(Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    return startIn(Path.of(""), main, environment, args);
  }

  private static ChildJvm start(
      List<String> options, Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    return startIn(Path.of(""), options, main, environment, args);
  }

  /** As {@link #startFast}, in a folder of its own. */
  static ChildJvm startIn(
      Path folder, Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    String classPath = System.getProperty("java.class.path");
    return startIn(
        folder,
        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classPath),
        main,
        environment,
        args);
  }

  /** As {@link #startFast}, deaf to SIGHUP as by nohup, and with a closed stdin. */
  static ChildJvm startDetached(Class<?> main, Map<String, String> environment, String... args)
      throws IOException {
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "trap '' HUP; exec \"$@\" <&-", "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return new ChildJvm(builder.start());
  }

  private static ChildJvm startIn(
      Path folder,
      List<String> options,
      Class<?> main,
      Map<String, String> environment,
      String... args)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add(main.getName());
    command.addAll(List.of(args));
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
