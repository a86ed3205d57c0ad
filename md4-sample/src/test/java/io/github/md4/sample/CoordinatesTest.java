// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The dependencies that the pages state are those of the consumer that a release builds and runs.
 */
@Tag("exact")
final class CoordinatesTest {
  private static final Pattern DEPENDENCY = Pattern.compile("<dependency>.*?</dependency>");
  private static final Pattern PROPERTY = Pattern.compile("<([a-z0-9.]+)>([^<]*)</\\1>");

  @ParameterizedTest
  @ValueSource(strings = {"../README.md", "../docs/library.md"})
  void page_statesWhatTheConsumerUses(String page) throws IOException {
    List<String> stated = dependencies(bare(page));
    assertThat(stated).hasSizeGreaterThanOrEqualTo(3);
    assertThat(dependencies(consumer())).containsAll(stated);
  }

  /** Returns the consumer's project with its properties filled in. */
  private static String consumer() throws IOException {
    String project = bare("src/it/consumer/pom.xml");
    String properties =
        project.substring(project.indexOf("<properties>"), project.indexOf("</properties>"));
    for (MatchResult each : PROPERTY.matcher(properties).results().toList()) {
      project = project.replace("${" + each.group(1) + "}", each.group(2));
    }
    return project;
  }

  /** Returns a file without comments of XML and white space. */
  private static String bare(String file) throws IOException {
    return Files.readString(Path.of(file)).replaceAll("(?s)<!--.*?-->", "").replaceAll("\\s", "");
  }

  private static List<String> dependencies(String text) {
    return DEPENDENCY.matcher(text).results().map(MatchResult::group).toList();
  }
}
