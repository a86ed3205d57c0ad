// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.NativeLibrary;
import io.github.md4.core.DeviceException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class NcclTest {
  @Test
  void complaint_isOfVersionsWithoutBfloat16() {
    assertThat(Nccl.complaint(0, 22_005)).isEmpty();
    assertThat(Nccl.complaint(0, 21_003)).isEmpty();
    assertThat(Nccl.complaint(0, 2_804))
        .isEqualTo(
            "NCCL is too old: version 2804, 21003 is needed; name another library by MD4_NCCL");
    assertThat(Nccl.complaint(1, 0)).startsWith("NCCL is too old: version 0");
  }

  @Test
  void complaint_namesTheLibraryThatIsMissing() {
    UnsatisfiedLinkError error = new UnsatisfiedLinkError("libx.so: no such file\nmore");
    assertThat(Nccl.complaint(null, error))
        .isEqualTo(
            "NCCL is missing: neither libtorch's CUDA library nor libnccl.so.2 has it; name one by"
                + " MD4_NCCL (libx.so: no such file)");
    assertThat(Nccl.complaint("/opt/libx.so", error))
        .isEqualTo(
            "NCCL is missing: MD4_NCCL names /opt/libx.so, which cannot be used (libx.so: no such"
                + " file)");
  }

  @Test
  void group_isRefusedWhereNcclIsMissing() {
    assumeTrue(isMissing(), "this machine has NCCL");
    assertThatThrownBy(NcclGroup::newId)
        .isInstanceOf(DeviceException.class)
        .hasMessageStartingWith("NCCL is missing: neither libtorch's CUDA library nor ");
  }

  private static boolean isMissing() {
    try {
      NativeLibrary.getInstance("libnccl.so.2").close();
      return false;
    } catch (UnsatisfiedLinkError e) {
      return true;
    }
  }
}
