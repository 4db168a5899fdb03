/* SPDX-License-Identifier: MIT */
/*
 * specstrings.h: the older annotations, all empty; and IN, OUT and OPTIONAL.
 *
 * The C++ library calls arguments __in and __out. So what of it a driver may need
 * comes first; include others (<regex>, <experimental/...>) before this file, and
 * headers of Linux that have a field __reserved.
 */
#ifndef SPECSTRINGS_H
#define SPECSTRINGS_H

#include <sal.h>

#ifdef __cplusplus
#include <algorithm>
#include <chrono>
#include <functional>
#include <istream>
#include <locale>
#include <memory>
#include <ostream>
#include <random>
#include <thread>
#include <tuple>
#endif

#define IN
#define OUT
#define OPTIONAL
#define __analysis_noreturn
#define __bound
#define __callback
#define __checkReturn
#define __checkReturn_opt
#define __deref
#define __deref_in
#define __deref_in_opt
#define __deref_in_opt_z
#define __deref_in_z
#define __deref_inout
#define __deref_inout_opt
#define __deref_inout_opt_z
#define __deref_inout_z
#define __deref_opt_in
#define __deref_opt_in_opt
#define __deref_opt_in_opt_z
#define __deref_opt_in_z
#define __deref_opt_inout
#define __deref_opt_inout_opt
#define __deref_opt_inout_opt_z
#define __deref_opt_inout_z
#define __deref_opt_out
#define __deref_opt_out_opt
#define __deref_opt_out_opt_z
#define __deref_opt_out_z
#define __deref_out
#define __deref_out_opt
#define __deref_out_opt_z
#define __deref_out_z
#define __drv_aliasesMem
#define __drv_constant
#define __drv_inTry
#define __drv_interlocked
#define __drv_isCancelIRQL
#define __drv_nonConstant
#define __drv_notInTry
#define __drv_restoresIRQL
#define __drv_sameIRQL
#define __drv_savesIRQL
#define __drv_unit_internal_mode
#define __drv_useCancelIRQL
#define __encoded_array
#define __encoded_pointer
#define __exceptthat
#define __execeptthat
#define __fallthrough
#define __format_string
#define __in
#define __in_bound
#define __in_nz
#define __in_nz_opt
#define __in_opt
#define __in_z
#define __in_z_opt
#define __inout
#define __inout_bound
#define __inout_nz
#define __inout_nz_opt
#define __inout_opt
#define __inout_z
#define __inout_z_opt
#define __kernel_code
#define __kernel_driver
#define __kernel_entry
#define __maybenull
#define __maybereadonly
#define __maybevalid
#define __notnull
#define __notreadonly
#define __notvalid
#define __nullnullterminated
#define __nullterminated
#define __out
#define __out_bound
#define __out_nz
#define __out_nz_opt
#define __out_opt
#define __out_z
#define __out_z_opt
#define __override
#define __post
#define __pre
#define __prefast_operator_new_null
#define __prefast_operator_new_throws
#define __readonly
#define __refparam
#define __reserved
#define __useHeader
#define __user_code
#define __user_driver
#define __valid
#define __analysis_assume(a)
#define __analysis_assume_nullterminated(a)
#define __bcount(a)
#define __bcount_full(a)
#define __bcount_opt(a)
#define __blocksOn(a)
#define __byte_readableTo(a)
#define __byte_writableTo(a)
#define __control_entrypoint(a)
#define __data_entrypoint(a)
#define __deref_bcount(a)
#define __deref_ecount(a)
#define __deref_in_bcount(a)
#define __deref_in_bcount_full(a)
#define __deref_in_bcount_full_opt(a)
#define __deref_in_bcount_opt(a)
#define __deref_in_bcount_part(a, b)
#define __deref_in_bcount_part_opt(a, b)
#define __deref_in_ecount(a)
#define __deref_in_ecount_full(a)
#define __deref_in_ecount_full_opt(a)
#define __deref_in_ecount_opt(a)
#define __deref_in_ecount_part(a, b)
#define __deref_in_ecount_part_opt(a, b)
#define __deref_in_range(a, b)
#define __deref_inout_bcount(a)
#define __deref_inout_bcount_full(a)
#define __deref_inout_bcount_full_opt(a)
#define __deref_inout_bcount_opt(a)
#define __deref_inout_bcount_part(a, b)
#define __deref_inout_bcount_part_opt(a, b)
#define __deref_inout_ecount(a)
#define __deref_inout_ecount_full(a)
#define __deref_inout_ecount_full_opt(a)
#define __deref_inout_ecount_opt(a)
#define __deref_inout_ecount_part(a, b)
#define __deref_inout_ecount_part_opt(a, b)
#define __deref_inout_range(a, b)
#define __deref_opt_in_bcount(a)
#define __deref_opt_in_bcount_full(a)
#define __deref_opt_in_bcount_full_opt(a)
#define __deref_opt_in_bcount_opt(a)
#define __deref_opt_in_bcount_part(a, b)
#define __deref_opt_in_bcount_part_opt(a, b)
#define __deref_opt_in_ecount(a)
#define __deref_opt_in_ecount_full(a)
#define __deref_opt_in_ecount_full_opt(a)
#define __deref_opt_in_ecount_opt(a)
#define __deref_opt_in_ecount_part(a, b)
#define __deref_opt_in_ecount_part_opt(a, b)
#define __deref_opt_in_range(a, b)
#define __deref_opt_inout_bcount(a)
#define __deref_opt_inout_bcount_full(a)
#define __deref_opt_inout_bcount_full_opt(a)
#define __deref_opt_inout_bcount_opt(a)
#define __deref_opt_inout_bcount_part(a, b)
#define __deref_opt_inout_bcount_part_opt(a, b)
#define __deref_opt_inout_ecount(a)
#define __deref_opt_inout_ecount_full(a)
#define __deref_opt_inout_ecount_full_opt(a)
#define __deref_opt_inout_ecount_opt(a)
#define __deref_opt_inout_ecount_part(a, b)
#define __deref_opt_inout_ecount_part_opt(a, b)
#define __deref_opt_inout_range(a, b)
#define __deref_opt_out_bcount(a)
#define __deref_opt_out_bcount_full(a)
#define __deref_opt_out_bcount_full_opt(a)
#define __deref_opt_out_bcount_opt(a)
#define __deref_opt_out_bcount_part(a, b)
#define __deref_opt_out_bcount_part_opt(a, b)
#define __deref_opt_out_ecount(a)
#define __deref_opt_out_ecount_full(a)
#define __deref_opt_out_ecount_full_opt(a)
#define __deref_opt_out_ecount_opt(a)
#define __deref_opt_out_ecount_part(a, b)
#define __deref_opt_out_ecount_part_opt(a, b)
#define __deref_opt_out_range(a, b)
#define __deref_out_bcount(a)
#define __deref_out_bcount_full(a)
#define __deref_out_bcount_full_opt(a)
#define __deref_out_bcount_opt(a)
#define __deref_out_bcount_part(a, b)
#define __deref_out_bcount_part_opt(a, b)
#define __deref_out_ecount(a)
#define __deref_out_ecount_full(a)
#define __deref_out_ecount_full_opt(a)
#define __deref_out_ecount_opt(a)
#define __deref_out_ecount_part(a, b)
#define __deref_out_ecount_part_opt(a, b)
#define __deref_out_range(a, b)
#define __drv_acquiresResource(a)
#define __drv_allocatesMem(a)
#define __drv_arg(a, b)
#define __drv_at(a, b)
#define __drv_callbackType(a)
#define __drv_clearDoInit(a)
#define __drv_completionType(a)
#define __drv_defined(a)
#define __drv_deref(a)
#define __drv_dispatchType(a)
#define __drv_floatUsed(a)
#define __drv_formatString(a)
#define __drv_freesMem(a)
#define __drv_fun(a)
#define __drv_functionClass(a)
#define __drv_in(a)
#define __drv_in_deref(a)
#define __drv_innerAcquires(a)
#define __drv_innerMustHold(a)
#define __drv_maxFunctionIRQL(a)
#define __drv_maxIRQL(a)
#define __drv_minFunctionIRQL(a)
#define __drv_minIRQL(a)
#define __drv_mustHold(a)
#define __drv_mustHoldCriticalRegion(a)
#define __drv_mustHoldGlobal(a)
#define __drv_neverHold(a)
#define __drv_out(a)
#define __drv_out_deref(a)
#define __drv_preferredFunction(a, b)
#define __drv_raisesIRQL(a)
#define __drv_releasesResource(a)
#define __drv_reportError(a)
#define __drv_requiresIRQL(a)
#define __drv_ret(a)
#define __drv_setsIRQL(a)
#define __drv_strictType(a, b)
#define __drv_strictTypeMatch(a)
#define __drv_unit(a)
#define __drv_valueIs(a)
#define __drv_when(a, b)
#define __ecount(a)
#define __ecount_full(a)
#define __ecount_opt(a)
#define __elem_readableTo(a)
#define __elem_writableTo(a)
#define __field_bcount(a)
#define __field_bcount_full(a)
#define __field_bcount_opt(a)
#define __field_bcount_part(a, b)
#define __field_ecount(a)
#define __field_ecount_full(a)
#define __field_ecount_opt(a)
#define __field_ecount_part(a, b)
#define __field_range(a, b)
#define __field_xcount(a)
#define __file_parser(a)
#define __in_awcount(a, b)
#define __in_bcount(a)
#define __in_bcount_full(a)
#define __in_bcount_full_opt(a)
#define __in_bcount_full_z(a)
#define __in_bcount_full_z_opt(a)
#define __in_bcount_nz(a)
#define __in_bcount_nz_opt(a)
#define __in_bcount_opt(a)
#define __in_bcount_part(a, b)
#define __in_bcount_part_opt(a, b)
#define __in_bcount_part_z(a, b)
#define __in_bcount_part_z_opt(a, b)
#define __in_bcount_z(a)
#define __in_bcount_z_opt(a)
#define __in_data_source(a)
#define __in_ecount(a)
#define __in_ecount_full(a)
#define __in_ecount_full_opt(a)
#define __in_ecount_full_z(a)
#define __in_ecount_full_z_opt(a)
#define __in_ecount_nz(a)
#define __in_ecount_nz_opt(a)
#define __in_ecount_opt(a)
#define __in_ecount_part(a, b)
#define __in_ecount_part_opt(a, b)
#define __in_ecount_part_z(a, b)
#define __in_ecount_part_z_opt(a, b)
#define __in_ecount_z(a)
#define __in_ecount_z_opt(a)
#define __in_range(a, b)
#define __in_xcount(a)
#define __inout_awcount(a, b)
#define __inout_bcount(a)
#define __inout_bcount_full(a)
#define __inout_bcount_full_opt(a)
#define __inout_bcount_full_z(a)
#define __inout_bcount_full_z_opt(a)
#define __inout_bcount_nz(a)
#define __inout_bcount_nz_opt(a)
#define __inout_bcount_opt(a)
#define __inout_bcount_part(a, b)
#define __inout_bcount_part_opt(a, b)
#define __inout_bcount_part_z(a, b)
#define __inout_bcount_part_z_opt(a, b)
#define __inout_bcount_z(a)
#define __inout_bcount_z_opt(a)
#define __inout_data_source(a)
#define __inout_ecount(a)
#define __inout_ecount_full(a)
#define __inout_ecount_full_opt(a)
#define __inout_ecount_full_z(a)
#define __inout_ecount_full_z_opt(a)
#define __inout_ecount_nz(a)
#define __inout_ecount_nz_opt(a)
#define __inout_ecount_opt(a)
#define __inout_ecount_part(a, b)
#define __inout_ecount_part_opt(a, b)
#define __inout_ecount_part_z(a, b)
#define __inout_ecount_part_z_opt(a, b)
#define __inout_ecount_z(a)
#define __inout_ecount_z_opt(a)
#define __inout_range(a, b)
#define __inout_xcount(a)
#define __out_awcount(a, b)
#define __out_bcount(a)
#define __out_bcount_full(a)
#define __out_bcount_full_opt(a)
#define __out_bcount_full_z(a)
#define __out_bcount_full_z_opt(a)
#define __out_bcount_nz(a)
#define __out_bcount_nz_opt(a)
#define __out_bcount_opt(a)
#define __out_bcount_part(a, b)
#define __out_bcount_part_opt(a, b)
#define __out_bcount_part_z(a, b)
#define __out_bcount_part_z_opt(a, b)
#define __out_bcount_z(a)
#define __out_bcount_z_opt(a)
#define __out_data_source(a)
#define __out_ecount(a)
#define __out_ecount_full(a)
#define __out_ecount_full_opt(a)
#define __out_ecount_full_z(a)
#define __out_ecount_full_z_opt(a)
#define __out_ecount_nz(a)
#define __out_ecount_nz_opt(a)
#define __out_ecount_opt(a)
#define __out_ecount_part(a, b)
#define __out_ecount_part_opt(a, b)
#define __out_ecount_part_z(a, b)
#define __out_ecount_part_z_opt(a, b)
#define __out_ecount_z(a)
#define __out_ecount_z_opt(a)
#define __out_range(a, b)
#define __out_xcount(a)
#define __range(a, b)
#define __readableTo(a)
#define __return_type_success(a)
#define __rpc_entry(a)
#define __struct_bcount(a)
#define __struct_ecount(a)
#define __struct_xcount(a)
#define __success(a)
#define __typefix(a)
#define __writableTo(a)

#endif
