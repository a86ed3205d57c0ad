// SPDX-License-Identifier: Apache-2.0
package consumer;

import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.SamplingOptions;
import java.io.IOException;

public final class Consumer {
  public static void main(String[] args) throws IOException {
    try (MaskedDiffusion model = MaskedDiffusion.tiny()) {
      for (Sample sample : model.generate(SamplingOptions.defaults().samples(3).seed(7))) {
        System.out.println(sample.text());
      }
    }
  }
}
