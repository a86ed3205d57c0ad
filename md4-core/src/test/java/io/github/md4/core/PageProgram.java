// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A program that a page of {@code docs/} shows whole, from its imports to its last brace: compiled
 * from the page, and run by a Java of its own with the classes of the test.
 */
public final class PageProgram {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");
  private static final String CLASS_PATH = System.getProperty("java.class.path");

  /** A program that hangs ends the test after this; none takes a tenth of it. */
  private static final long PATIENCE_SECONDS = 540;

  private final String name;
  private final String source;
  private final List<String> output;
  private final Path folder;
  private final String classPath;

  private PageProgram(
      String name, String source, List<String> output, Path folder, String classPath) {
    this.name = name;
    this.source = source;
    this.output = output;
    this.folder = folder;
    this.classPath = classPath;
  }

  /**
   * Compiles a program.
   *
   * @param page the name of a page in {@code docs/}
   * @param name the name of the program's class
   * @param folder an existing folder for its classes and what it prints
   */
  public static PageProgram of(String page, String name, Path folder) throws IOException {
    List<MatchResult> blocks =
        BLOCK.matcher(Files.readString(Path.of("..", "docs", page))).results().toList();
    for (int i = 0; i < blocks.size(); i++) {
      boolean isIt =
          blocks.get(i).group(1).equals("java")
              && blocks.get(i).group(2).contains("\npublic final class " + name + " {\n");
      if (isIt) {
        boolean isShown = i + 1 < blocks.size() && blocks.get(i + 1).group(1).isEmpty();
        List<String> output = isShown ? blocks.get(i + 1).group(2).lines().toList() : List.of();
        String source = blocks.get(i).group(2);
        PageProgram program = new PageProgram(name, source, output, folder, CLASS_PATH);
        program.compile();
        return program;
      }
    }
    throw new AssertionError(page + " has no program " + name);
  }

  private void compile() throws IOException {
    Path file = Files.writeString(folder.resolve(name + ".java"), source);
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null)) {
      Iterable<? extends JavaFileObject> units = files.getJavaFileObjects(file);
      List<String> options =
          List.of("-proc:none", "-cp", classPath, "-d", folder.toString(), "--release", "17");
      boolean isCompiled = javac.getTask(said, files, null, options, null, units).call();
      assertThat(isCompiled).as(said::toString).isTrue();
    }
  }

  /** Returns the same with a folder more on its class path. */
  public PageProgram with(Path classes) {
    String more = CLASS_PATH + File.pathSeparator + classes;
    return new PageProgram(name, source, output, folder, more);
  }

  /** Returns the lines of the block without a language that follows the program on its page. */
  public List<String> shownOutput() {
    return output;
  }

  /**
   * Returns the lines of the program from the first with {@code begin} to the first after it with
   * {@code end}, without the first one's indentation.
   */
  public String lines(String begin, String end) {
    List<String> all = source.lines().toList();
    int first = 0;
    while (!all.get(first).contains(begin)) {
      first++;
    }
    int last = first;
    while (!all.get(last).contains(end)) {
      last++;
    }
    Matcher indentation = Pattern.compile("^ *").matcher(all.get(first));
    assertThat(indentation.find()).isTrue();
    int indented = indentation.end();
    return String.join(
        "\n", all.subList(first, last + 1).stream().map(line -> line.substring(indented)).toList());
  }

  /** Runs it and returns the lines that it prints. */
  public List<String> run(String... args) throws IOException, InterruptedException {
    Path out = folder.resolve(name + ".out");
    Path err = folder.resolve(name + ".err");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-cp"));
    command.add(folder + File.pathSeparator + classPath);
    command.add(name);
    command.addAll(List.of(args));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("OPT_OUT_TRACKING", "true");
    Process java = builder.start();
    try {
      assertThat(java.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as(name + " ends").isTrue();
      assertThat(java.exitValue()).as(Files.readString(err)).isZero();
    } finally {
      java.destroyForcibly();
    }
    return Files.readAllLines(out);
  }
}
