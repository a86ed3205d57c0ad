// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import dev.langchain4j.model.language.StreamingLanguageModel;
import java.io.IOException;
import java.nio.file.Path;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** A masked diffusion model as a bean of Spring, closed with its context. */
// BEGIN bean
@Configuration
public class DiffusionConfiguration {
  @Bean(destroyMethod = "close")
  public MaskedDiffusion maskedDiffusion(@Value("${md4.model}") String folder) throws IOException {
    return MaskedDiffusion.load(Path.of(folder));
  }

  @Bean
  public StreamingLanguageModel languageModel(MaskedDiffusion model) {
    return new DiffusionLanguageModel(model, SamplingOptions.defaults().steps(64));
  }
}
// END bean
