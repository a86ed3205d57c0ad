// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scripts are read by the shells themselves, where these are there. */
final class CompletionTest {
  @TempDir private Path folder;

  private static boolean isThere(String shell) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, shell)));
  }

  private String run(String shell, String program) throws IOException, InterruptedException {
    assumeThat(isThere(shell)).as(shell + " is there").isTrue();
    Path script = folder.resolve("script");
    Files.writeString(script, md4("completion", shell).succeeded().out());
    Process process =
        new ProcessBuilder(shell, "-c", program.replace("SCRIPT", script.toString()))
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  @ParameterizedTest
  @CsvSource({
    "md4 tra, train",
    "md4 sample-, sample-images",
    "md4 data tex, text8 text",
    "md4 sample --cou, --count",
    "md4 evaluate gen, generative",
    "md4 sample --sampler con, confidence",
    "md4 help sam, sample sample-images",
    "md4 sample --weights = r, raw",
    "md4 sample runs --draw =, exact reference",
    "md4 train --resume =, last last-good",
    "md4 sample --draw ex, exact",
  })
  void bash_completesCommandsOptionsAndChoices(String line, String expected) throws Exception {
    String[] words = line.split(" ", -1);
    String program =
        "compopt() { :; }; source SCRIPT; COMP_WORDS=(%s); COMP_CWORD=%d; _md4_words; echo ${COMPREPLY[@]}"
            .formatted(line, words.length - 1);
    assertThat(run("bash", program).strip().split(" ")).contains(expected.split(" "));
  }

  /** What zsh would offer is what its completions give to {@code compadd}. */
  private static final String ZSH =
      """
      zmodload zsh/zpty
      zpty typed zsh -f -i
      zpty -w typed 'autoload -U compinit; compinit -u -D; source SCRIPT'
      zpty -w typed 'compadd() { local -a hits; builtin compadd -A hits "$@"; print -rl -- $hits >>OFFERED; builtin compadd "$@" }'
      zpty -w typed 'ended() { print END >>OFFERED }; comppostfuncs=(ended)'
      zpty -w typed 'bindkey "^I" complete-word; print READY >OFFERED'
      until grep -qs READY OFFERED; do zpty -r -t typed >/dev/null; sleep 0.05; done
      zpty -w -n typed 'LINE'$'\t'
      until grep -qs END OFFERED; do zpty -r -t typed >/dev/null; sleep 0.05; done
      zpty -d typed
      cat OFFERED
      """;

  @ParameterizedTest
  @CsvSource({
    "md4 tra, train trace",
    "md4 data tex, text8 text",
    "md4 sample --cou, --count",
    "md4 sample runs --cou, --count",
    "md4 evaluate gen, generative",
    "md4 evaluate run --pas, --passes",
    "md4 sample --weights=r, raw",
    "md4 sample runs --sampler con, confidence",
    "md4 train --resume=, last last-good",
    "md4 help sam, sample sample-images",
    "md4 train --config FOLDER/conf, config.yaml",
  })
  @Timeout(60)
  void zsh_completesCommandsOptionsChoicesAndFiles(String line, String expected) throws Exception {
    Files.createFile(folder.resolve("config.yaml"));
    String program =
        ZSH.replace("LINE", line.replace("FOLDER", folder.toString()))
            .replace("OFFERED", folder.resolve("offered").toString());
    List<String> offered =
        run("zsh", program).lines().map(offer -> offer.replaceFirst("[=:].*", "")).toList();
    assertThat(offered).contains(expected.split(" "));
  }

  @ParameterizedTest
  @CsvSource({
    "md4 tra, train",
    "md4 data tex, text8 text",
    "md4 sample --cou, --count",
    "md4 sample runs --cou, --count",
    "md4 evaluate gen, generative",
    "md4 evaluate run --pas, --passes",
    "md4 sample --weights , ema raw",
    "md4 completion , bash zsh fish",
    "md4 sample runs --sampler , ancestral confidence",
    "md4 sample --sampler=con, --sampler=confidence",
    "md4 train --resume=, --resume=last --resume=last-good",
    "md4 help sam, sample sample-images",
  })
  void fish_completesCommandsOptionsAndChoices(String line, String expected) throws Exception {
    String typed = line.matches(".*(weights|completion|sampler)") ? line + " " : line;
    List<String> offered =
        run("fish", "source SCRIPT; complete -C '" + typed + "'")
            .lines()
            .map(offer -> offer.split("\t", -1)[0])
            .toList();
    assertThat(offered).contains(expected.split(" "));
  }

  @Test
  void fish_doesNotOfferWhatIsOfAnotherCommand() throws Exception {
    assertThat(run("fish", "source SCRIPT; complete -C 'md4 train --resume='").lines())
        .hasSize(2) // and no files, as the config is
        .allMatch(offer -> offer.startsWith("--resume=last"));
    assertThat(run("fish", "source SCRIPT; complete -C 'md4 train --config=../'")).isNotEmpty();
    assertThat(run("fish", "source SCRIPT; complete -C 'md4 train ../'")).isNotEmpty();
    assertThat(run("fish", "source SCRIPT; complete -C 'md4 data text --'"))
        .contains("--vocabulary")
        .doesNotContain("--temperature", "--passes");
  }

  @Test
  void otherShells_areRefused() {
    md4("completion", "tcsh").failed(2, "must be bash, zsh or fish: tcsh (");
    md4("completion").failed(2, "Missing required parameter");
  }
}
