// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.langchain4j.model.StreamingResponseHandler;
import dev.langchain4j.model.language.StreamingLanguageModel;
import dev.langchain4j.model.output.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.env.MapPropertySource;

/** The adapters of docs/service.md. */
@Tag("exact")
final class AdaptersTest {

  /** A handler that keeps the pieces, and the answer or the failure. */
  private static final class Heard implements StreamingResponseHandler<String> {
    private final StringBuilder pieces = new StringBuilder();
    private final CompletableFuture<String> answer = new CompletableFuture<>();

    @Override
    public void onNext(String token) {
      pieces.append(token);
    }

    @Override
    public void onComplete(Response<String> response) {
      boolean unused = answer.complete(response.content());
    }

    @Override
    public void onError(Throwable error) {
      boolean unused = answer.completeExceptionally(error);
    }
  }

  @Test
  void bean_answersAPromptAndIsClosedWithItsContext(@TempDir Path folder) throws Exception {
    TinyModelFolder.write(folder);
    MaskedDiffusion model;
    try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
      context
          .getEnvironment()
          .getPropertySources()
          .addFirst(new MapPropertySource("test", Map.of("md4.model", folder.toString())));
      context.register(DiffusionConfiguration.class);
      context.refresh();
      model = context.getBean(MaskedDiffusion.class);
      for (String prompt : new String[] {"", "ab c", "a[b"}) {
        Heard heard = new Heard();
        context.getBean(StreamingLanguageModel.class).generate(prompt, heard);
        String answer = heard.answer.get(20, TimeUnit.SECONDS);
        assertThat(answer).hasSize(9 - prompt.length()).isEqualTo(heard.pieces.toString());
        assertThat(answer).matches("[abc \\[\\]]*");
      }
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> model.generate(1, SamplingOptions.defaults()));
  }

  @Test
  void page_showsTheseLines() throws IOException {
    String page = Files.readString(Path.of("../docs/service.md"));
    for (String file : new String[] {"DiffusionLanguageModel", "DiffusionConfiguration"}) {
      Path source = Path.of("src/test/java/io/github/md4/sample/" + file + ".java");
      String text = Files.readString(source);
      int begin = text.indexOf('\n', text.indexOf("// BEGIN")) + 1;
      assertThat(page).contains(text.substring(begin, text.indexOf("// END")));
    }
  }
}
