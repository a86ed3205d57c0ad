// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The citations between the sources and the pages of {@code docs/}, which must resolve. */
@Tag("exact")
final class DocsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path DOCS = ROOT.resolve("docs");
  private static final Path SPEC = DOCS.resolve("spec.md");
  private static final List<String> MODULES =
      List.of("md4-core", "md4-train", "md4-sample", "md4-cli");
  private static final Path PACKAGE = Path.of("io", "github", "md4");
  private static final String OURS = "io.github.md4.";
  private static final List<Path> SOURCES =
      MODULES.stream()
          .map(ROOT::resolve)
          .flatMap(module -> Stream.of(module.resolve("src/main"), module.resolve("src/test")))
          .flatMap(folder -> files(folder, ".java").stream())
          .toList();

  /** A line break in a comment, with what begins the next line. */
  private static final Pattern BREAK = Pattern.compile("\\s*\\n\\s*(?:\\*|//)?\\s*");

  private static final String NUMBER = "T?\\d+(?:\\.\\d+)*";

  /** {@code spec, Section 2.7}, {@code spec, Sections 5.1, 5.2 and 5.5}, {@code spec, T9}. */
  private static final Pattern CITATION =
      Pattern.compile(
          "\\b[Ss]pec(?:'s)?,? (?:[Ss]ections? )?(%s(?:(?:, | and | to )%s)*)"
              .formatted(NUMBER, NUMBER));

  private static final Pattern HEADING = Pattern.compile("(?m)^#{2,4} (\\d+(?:\\.\\d+)*)");
  private static final Pattern TRAP = Pattern.compile("(?m)^- \\*\\*(T\\d+)\\*\\*");
  private static final Pattern CODE = Pattern.compile("`([^`\\n]+)`");

  /** A type of ours, with or without its package and a nested type. */
  private static final Pattern TYPE =
      Pattern.compile("((?:[a-z0-9]+\\.)*)([A-Z]\\w*[a-z]\\w*)(?:\\.([A-Z]\\w*))?");

  /** A row of a table with a package and its types, which stand behind it or before it. */
  private static final Pattern PACKAGE_ROW =
      Pattern.compile("(?m)^\\|(.*)\\| `((?:core|sample|train)(?:\\.[a-z]+)*)` \\|(.*)\\|$");

  private static final Pattern SIMPLE_TYPE = Pattern.compile("`([A-Z]\\w*)`");

  /** A method of a test, as {@code DocsTest.page_linksOnlyToWhatIsThere}. */
  private static final Pattern TEST = Pattern.compile("([A-Z]\\w*Test)\\.([a-z]\\w*)");

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

  @Test
  void spec_hasEverySectionThatIsCited() {
    Set<String> sections = new HashSet<>(found(HEADING, text(SPEC)));
    sections.addAll(found(TRAP, text(SPEC)));
    int citations = 0;
    for (Path source : SOURCES) {
      for (String cited : found(CITATION, BREAK.matcher(text(source)).replaceAll(" "))) {
        citations++;
        assertThat(sections).as(ROOT.relativize(source).toString()).containsAll(numbers(cited));
      }
    }
    assertThat(citations).isGreaterThan(50);
  }

  private static List<String> numbers(String cited) {
    return found(Pattern.compile("(" + NUMBER + ")"), cited);
  }

  @ParameterizedTest
  @MethodSource("reference")
  void page_namesOnlyTypesThatExist(Path page) {
    Set<String> missing = new TreeSet<>();
    for (String code : found(CODE, text(page))) {
      Matcher type = TYPE.matcher(code);
      if (type.matches() && !exists(type)) {
        missing.add(code);
      }
    }
    assertThat(missing).as("types that %s names and no source declares", page).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("reference")
  void page_namesOnlyTestsThatExist(Path page) {
    for (String code : found(CODE, text(page))) {
      Matcher test = TEST.matcher(code);
      if (test.matches()) {
        Path end = Path.of(test.group(1) + ".java");
        assertThat(SOURCES.stream().filter(source -> source.endsWith(end)))
            .as(code)
            .anyMatch(source -> text(source).contains(" void " + test.group(2) + "("));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"library.md", "djl.md"})
  void table_namesTheTypesOfEachPackage(String page) {
    int types = 0;
    for (MatchResult row : PACKAGE_ROW.matcher(text(DOCS.resolve(page))).results().toList()) {
      List<String> before = found(SIMPLE_TYPE, row.group(1));
      for (String type : before.isEmpty() ? found(SIMPLE_TYPE, row.group(3)) : before) {
        types++;
        Path end = PACKAGE.resolve(row.group(2).replace('.', '/')).resolve(type + ".java");
        assertThat(SOURCES).as(row.group(2) + "." + type).anyMatch(source -> source.endsWith(end));
      }
    }
    assertThat(types).isGreaterThan(10);
  }

  /** Returns the pages on today's code; those of docs/lab tell of earlier builds. */
  static List<Path> reference() {
    return files(DOCS, ".md").stream().filter(page -> page.getParent().equals(DOCS)).toList();
  }

  private static boolean exists(Matcher type) {
    if (isClass("java.lang." + type.group())) {
      return true;
    }
    if (type.group().startsWith("ai.djl.")) {
      return isClass(type.group());
    }
    String folder = type.group(1).replace('.', '/');
    Path end = Path.of(folder, type.group(2) + ".java");
    return SOURCES.stream()
        .filter(source -> source.endsWith(folder.isEmpty() ? end : PACKAGE.resolve(end)))
        .anyMatch(source -> type.group(3) == null || declares(source, type.group(3)));
  }

  private static boolean isClass(String name) {
    try {
      return Class.forName(name, false, DocsTest.class.getClassLoader()) != null;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static boolean declares(Path source, String nested) {
    return Pattern.compile("(record|interface|class|enum) " + nested + "\\b")
        .matcher(text(source))
        .find();
  }

  @Test
  void equations_nameOnlyResourcesThatExist() {
    Path resources = ROOT.resolve("md4-core/src/main/resources").resolve(PACKAGE);
    List<String> scripts =
        found(CODE, text(DOCS.resolve("equations.md"))).stream()
            .filter(code -> code.endsWith(".torchscript"))
            .toList();
    assertThat(scripts)
        .isNotEmpty()
        .allSatisfy(script -> assertThat(resources.resolve(script)).isRegularFile());
  }

  @Test
  void architecture_namesEveryPackage() {
    String page = text(DOCS.resolve("architecture.md"));
    Set<String> packages =
        SOURCES.stream()
            .map(source -> source.getParent().toString().replace('/', '.'))
            .map(folder -> folder.substring(folder.lastIndexOf(OURS) + OURS.length()))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(packages)
        .contains("core", "cli")
        .allSatisfy(name -> assertThat(page).contains("`" + name + "`"));
  }

  static List<Path> pages() {
    Stream<Path> atRoot =
        Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md").map(ROOT::resolve);
    return Stream.concat(atRoot, files(DOCS, ".md").stream()).toList();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void page_linksOnlyToWhatIsThere(Path page) {
    for (String link : found(LINK, text(page))) {
      if (link.contains("://")) {
        continue;
      }
      String[] parts = link.split("#", 2);
      Path target = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]);
      assertThat(target).exists();
      if (parts.length == 2 && target.toString().endsWith(".md")) {
        assertThat(anchors(text(target))).as(link).contains(parts[1]);
      }
    }
  }

  private static Set<String> anchors(String page) {
    return found(Pattern.compile("(?m)^#+ (.*)$"), page).stream()
        .map(title -> title.toLowerCase(Locale.ROOT).replaceAll("[^\\w -]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  private static List<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(DocsTest::firstGroup).toList();
  }

  private static String firstGroup(MatchResult match) {
    return match.group(1);
  }

  private static List<Path> files(Path folder, String ending) {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
