// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import com.sun.jna.Memory;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("gpu")
final class NvrtcGpuTest {
  private static final String SOURCE =
      "extern \"C\" __global__ void fill(float* x) { x[threadIdx.x] = VALUE; }";

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: the compiler is not tested");
  }

  @Test
  void sameText_isCompiledOnceWhoeverAsks() {
    Nvrtc compiler = Nvrtc.find().orElseThrow();
    Set<Memory> found = ConcurrentHashMap.newKeySet();
    IntStream.range(0, 16).parallel().forEach(i -> found.add(compiler.compile(SOURCE, options(1))));
    assertThat(found).hasSize(1);
  }

  @Test
  void otherOptions_giveOtherCode() {
    Nvrtc compiler = Nvrtc.find().orElseThrow();
    assertThat(code(compiler, options(2))).isNotEqualTo(code(compiler, options(3)));
  }

  private static byte[] code(Nvrtc compiler, List<String> options) {
    Memory code = compiler.compile(SOURCE, options);
    return code.getByteArray(0, (int) code.size());
  }

  private static List<String> options(int value) {
    return List.of("--gpu-architecture=sm_80", "-DVALUE=" + value);
  }
}
