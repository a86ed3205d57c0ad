// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rules on who may name whom, checked on the text of the main sources of all four modules:
 * imports and qualified names alike.
 */
@Tag("exact")
final class ArchitectureTest {
  private static final String ROOT = "io.github.md4.";
  private static final List<String> MODULES = List.of("core", "train", "sample", "cli");
  private static final Pattern NAMED =
      Pattern.compile("(?<![\\w.])io\\.github\\.md4\\.([a-z0-9.]+)\\.[A-Z]");

  /** The modules that each module may name, beside itself. */
  private static final Map<String, Set<String>> BELOW =
      Map.of(
          "core", Set.of(),
          "train", Set.of("core"),
          "sample", Set.of("core"),
          "cli", Set.of("core", "train", "sample"));

  @Test
  void modules_nameOnlyThoseBelowThem() {
    arrows()
        .forEach(
            (from, all) ->
                all.forEach(
                    to ->
                        assertThat(module(to).equals(module(from)) || below(from, to))
                            .as("%s may name %s", from, to)
                            .isTrue()));
  }

  private static boolean below(String from, String to) {
    return BELOW.get(module(from)).contains(module(to));
  }

  @Test
  void packages_formNoCircle() {
    Map<String, Set<String>> arrows = arrows();
    for (String start : arrows.keySet()) {
      assertThat(reachable(arrows, start)).as("what %s depends on", start).doesNotContain(start);
    }
  }

  private static Set<String> reachable(Map<String, Set<String>> arrows, String start) {
    Set<String> seen = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>(arrows.get(start));
    while (!open.isEmpty()) {
      String next = open.pop();
      if (seen.add(next)) {
        open.addAll(arrows.getOrDefault(next, Set.of()));
      }
    }
    return seen;
  }

  /** Returns which packages each package names, without itself. */
  private static Map<String, Set<String>> arrows() {
    Map<String, Set<String>> arrows = new TreeMap<>();
    for (String module : MODULES) {
      for (Path source : sources(module)) {
        String from = packageOf(source).substring(ROOT.length());
        Set<String> named = arrows.computeIfAbsent(from, unused -> new TreeSet<>());
        Matcher matcher = NAMED.matcher(text(source));
        while (matcher.find()) {
          if (!matcher.group(1).equals(from)) {
            named.add(matcher.group(1));
          }
        }
      }
    }
    return arrows;
  }

  private static String module(String name) {
    return name.replaceFirst("\\..*", "");
  }

  @Test
  void internal_aloneNamesTheEngine() {
    assertThat(packagesThatName("ai.djl.pytorch.engine"))
        .isNotEmpty()
        .allMatch(name -> name.startsWith(ROOT + "core.internal."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"schedule", "noise"})
  void arithmetic_namesNoTensorLibrary(String name) {
    String arithmetic = ROOT + "core." + name;
    assertThat(packages(MODULES)).contains(arithmetic);
    assertThat(packagesThatName("ai.djl")).doesNotContain(arithmetic);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"com.fasterxml.jackson", "picocli", "java.util.logging", "org.knowm.xchart"})
  void commandLine_aloneNames(String library) {
    assertThat(packagesThatName(library)).allMatch(name -> name.startsWith(ROOT + "cli"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"org.slf4j", "java.util.logging", "System.out", "System.err"})
  void core_namesNoneOf(String name) {
    assertThat(packagesThatName(name)).noneMatch(each -> each.startsWith(ROOT + "core"));
  }

  @Test
  void sources_startWithTheLicence() {
    for (String module : MODULES) {
      for (Path source : sources(module)) {
        assertThat(text(source))
            .as(source.toString())
            .startsWith("// SPDX-License-Identifier: Apache-2.0\n");
      }
    }
  }

  @Test
  void simpleNames_standInOnePackage() {
    Map<String, Set<String>> byName = new TreeMap<>();
    for (String module : MODULES) {
      for (Path source : sources(module)) {
        byName
            .computeIfAbsent(source.getFileName().toString(), unused -> new TreeSet<>())
            .add(packageOf(source));
      }
    }
    byName.remove("package-info.java");
    byName.values().removeIf(all -> all.size() == 1);
    assertThat(byName).isEmpty();
  }

  private static Set<String> packages(List<String> modules) {
    return modules.stream()
        .flatMap(module -> sources(module).stream())
        .map(ArchitectureTest::packageOf)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> packagesThatName(String name) {
    Pattern named = Pattern.compile("(?<![\\w.])" + Pattern.quote(name) + "\\b");
    return MODULES.stream()
        .flatMap(module -> sources(module).stream())
        .filter(source -> named.matcher(text(source)).find())
        .map(ArchitectureTest::packageOf)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String packageOf(Path source) {
    return text(source)
        .lines()
        .filter(line -> line.startsWith("package "))
        .findFirst()
        .orElseThrow()
        .replaceAll("package |;", "");
  }

  private static List<Path> sources(String module) {
    Path root = Path.of("..", "md4-" + module, "src", "main", "java");
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(f -> f.toString().endsWith(".java")).collect(Collectors.toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path source) {
    try {
      return Files.readString(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
