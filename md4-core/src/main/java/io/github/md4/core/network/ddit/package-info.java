// SPDX-License-Identifier: Apache-2.0
/** Networks of the DDiT kind: MDLM, SEDD, RADD and BD3-LM. */
package io.github.md4.core.network.ddit;
