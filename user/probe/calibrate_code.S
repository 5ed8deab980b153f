/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions to calibrate on: one for each cost class of an entry, all ending in one emulated and one single-stepped
 * exit instruction (a jump and a return). The labels are the instructions that probes go to.
 */
	.text

	.globl calibrate_emulated
	.type calibrate_emulated, @function
calibrate_emulated:
	push %rbp
	pop %rbp
	jmp calibrate_exit_emulated
	.size calibrate_emulated, . - calibrate_emulated

	.globl calibrate_nop5
	.type calibrate_nop5, @function
calibrate_nop5:
	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00
	jmp calibrate_exit_emulated
	.size calibrate_nop5, . - calibrate_nop5

	.globl calibrate_stepped
	.type calibrate_stepped, @function
calibrate_stepped:
	xor %eax, %eax
	jmp calibrate_exit_emulated
	.size calibrate_stepped, . - calibrate_stepped

	.globl calibrate_exit_emulated
	.type calibrate_exit_emulated, @function
calibrate_exit_emulated:
	jmp calibrate_exit_stepped
	.size calibrate_exit_emulated, . - calibrate_exit_emulated

	.globl calibrate_exit_stepped
	.type calibrate_exit_stepped, @function
calibrate_exit_stepped:
	ret
	.size calibrate_exit_stepped, . - calibrate_exit_stepped

	.section .note.GNU-stack, "", @progbits
