// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers of the libraries see. */
@Tag("exact")
final class ApiTest {
  private static final String INTERNAL = ".internal.";

  /**
   * A type within an internal one of the same module, in a signature of a type that is not hidden,
   * ends the javadoc tool of Java 17, and a release with it, be the method hidden or not.
   */
  @ParameterizedTest
  @ValueSource(strings = {"core", "train", "sample"})
  void signatures_nameNoTypeWithinAnInternalOne(String module) throws Exception {
    List<Class<?>> types = types(Path.of("..", "md4-" + module, "src", "main", "java"));
    assertThat(types).hasSizeGreaterThan(10);
    for (Class<?> type : types) {
      assertThat(signatures(type).filter(each -> isWithinAnInternalOne(each, module)))
          .as("what the signatures of %s name", type.getName())
          .isEmpty();
    }
  }

  private static List<Class<?>> types(Path root) throws IOException, ClassNotFoundException {
    List<Path> sources;
    try (Stream<Path> files = Files.walk(root)) {
      sources = files.filter(file -> file.toString().matches(".*/[A-Z]\\w*\\.java")).toList();
    }
    List<Class<?>> types = new ArrayList<>();
    for (Path source : sources) {
      String name = root.relativize(source).toString().replace(".java", "").replace('/', '.');
      if (!name.contains(INTERNAL)) {
        Class<?> type = Class.forName(name, false, ApiTest.class.getClassLoader());
        addSeen(type, Files.readString(source), types);
      }
    }
    return types;
  }

  private static void addSeen(Class<?> type, String source, List<Class<?>> types) {
    if (isSeen(type.getModifiers()) && !isHidden(type, source)) {
      types.add(type);
      for (Class<?> nested : type.getDeclaredClasses()) {
        addSeen(nested, source, types);
      }
    }
  }

  /** Returns whether the comment before a type's declaration hides it. */
  private static boolean isHidden(Class<?> type, String source) {
    Matcher declaration =
        Pattern.compile("(class|interface|record|enum) " + type.getSimpleName() + "\\b")
            .matcher(source);
    assertThat(declaration.find()).as("the declaration of %s", type).isTrue();
    String before = source.substring(0, declaration.start());
    return before.substring(Math.max(0, before.lastIndexOf("/**"))).contains("@hidden");
  }

  private static Stream<Class<?>> signatures(Class<?> type) {
    Stream<Executable> all =
        Stream.concat(
            Arrays.stream(type.getDeclaredMethods()),
            Arrays.stream(type.getDeclaredConstructors()));
    return all.filter(each -> isSeen(each.getModifiers()))
        .flatMap(
            each ->
                Stream.concat(
                    Arrays.stream(each.getParameterTypes()),
                    each instanceof Method method
                        ? Stream.of(method.getReturnType())
                        : Stream.empty()));
  }

  private static boolean isSeen(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static boolean isWithinAnInternalOne(Class<?> type, String module) {
    return type.getName().startsWith("io.github.md4." + module + INTERNAL)
        && type.getDeclaringClass() != null;
  }
}
