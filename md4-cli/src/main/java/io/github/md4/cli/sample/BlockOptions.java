// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.option.OptionTypes;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.sample.method.BlockCounts;
import io.github.md4.sample.method.PublishedMethod;
import io.github.md4.sample.method.SamplingMethod;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** The options of the published samplers that fill one block of positions after another. */
final class BlockOptions {
  private static final int DEFAULT_BLOCK = 32;
  private static final int BD3LM_BLOCK = 4;

  @Option(
      names = "--block",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description =
          "The masks of a block of llada and dllm, which are filled from left to right; or the"
              + " positions of a block of bd3lm. Default: "
              + DEFAULT_BLOCK
              + ", of bd3lm that of the model, or "
              + BD3LM_BLOCK
              + ".")
  private Integer block;

  @Option(
      names = "--remasking",
      paramLabel = "low-confidence|random",
      converter = RemaskingConverter.class,
      description =
          "The tokens that stay at a step of llada and dllm: the surest, or random ones. Default:"
              + " low-confidence.")
  private PublishedMethod.Remasking remasking;

  @Option(
      names = "--prompt-guidance",
      paramLabel = "W",
      converter = OptionTypes.PromptGuidance.class,
      description =
          "The scale of guidance away from the text without its prompt, with llada and dllm."
              + " Default: 0, none.")
  private Double promptGuidance;

  /** The positions of a block of the model's network, 0 before it is known or without blocks. */
  private int networkBlock;

  /** The converter of {@code --remasking}. */
  static final class RemaskingConverter implements ITypeConverter<PublishedMethod.Remasking> {
    @Override
    public PublishedMethod.Remasking convert(String text) throws Exception {
      return OptionTypes.parsed(PublishedMethod.Remasking::parse).convert(text);
    }
  }

  /**
   * Takes the network's blocks.
   *
   * @throws InvalidConfigException if others were chosen
   */
  void fitTo(NetworkConfig network) {
    networkBlock = network.blockSize();
    if (networkBlock > 0 && blockSize() != networkBlock) {
      throw new InvalidConfigException(
          "--block", "must be that of the model, %d: %d".formatted(networkBlock, blockSize()));
    }
  }

  /**
   * Checks a length of sequences.
   *
   * @param option the option that gives it
   * @param sampler the sampler that goes by the network's blocks
   * @throws InvalidConfigException unless it is whole blocks of the network
   */
  void checkLength(String option, int length, SamplerKind sampler) {
    if (networkBlock > 0 && length % networkBlock != 0) {
      throw new InvalidConfigException(
          option,
          "--sampler %s takes lengths that are multiples of the model's block, %d: %d"
              .formatted(sampler, networkBlock, length));
    }
  }

  /** Returns the method that fills blocks of masks. */
  SamplingMethod filled(BlockCounts counts, int steps) {
    return new PublishedMethod.Blocks(
        counts,
        steps,
        block == null ? DEFAULT_BLOCK : block,
        remasking == null ? PublishedMethod.Remasking.LOW_CONFIDENCE : remasking,
        promptGuidance == null ? 0 : promptGuidance);
  }

  /** Returns the method that fills blocks of positions. */
  SamplingMethod blockwise(int steps) {
    return new PublishedMethod.Blockwise(blockSize(), steps);
  }

  private int blockSize() {
    return block != null ? block : networkBlock > 0 ? networkBlock : BD3LM_BLOCK;
  }
}
