/* SPDX-License-Identifier: MIT */
/*
 * sal.h: annotations of arguments for a checker that is not here: all are empty.
 * Those of the older sort, as __in, are in specstrings.h, because headers of this
 * platform use such names.
 */
#ifndef _SAL_H_
#define _SAL_H_

#define __specstrings
#define _SA_annotes0(a)
#define _Analysis_noreturn_
#define _Benign_race_begin_
#define _Benign_race_end_
#define _COM_Outptr_
#define _COM_Outptr_opt_
#define _COM_Outptr_opt_result_maybenull_
#define _COM_Outptr_opt_z_
#define _COM_Outptr_result_maybenull_
#define _COM_Outptr_z_
#define _Check_return_
#define _Check_return_opt_
#define _Const_
#define _Deref_in_
#define _Deref_inout_
#define _Deref_inout_opt_
#define _Deref_inout_opt_result_maybenull_
#define _Deref_inout_opt_z_
#define _Deref_inout_result_maybenull_
#define _Deref_inout_z_
#define _Deref_opt_out_
#define _Deref_opt_out_opt_
#define _Deref_opt_out_opt_result_maybenull_
#define _Deref_opt_out_opt_z_
#define _Deref_opt_out_result_maybenull_
#define _Deref_opt_out_z_
#define _Deref_out_
#define _Deref_out_opt_
#define _Deref_out_opt_result_maybenull_
#define _Deref_out_opt_z_
#define _Deref_out_result_maybenull_
#define _Deref_out_z_
#define _Deref_post_maybenull_
#define _Deref_post_notnull_
#define _Deref_post_null_
#define _Deref_post_valid_
#define _Deref_pre_valid_
#define _Deref_prepost_z_
#define _Deref_ret_
#define _Enum_is_bitflag_
#define _Field_z_
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _IRQL_is_cancel_
#define _IRQL_requires_same_
#define _IRQL_restores_
#define _IRQL_saves_
#define _In_
#define _In_opt_
#define _In_opt_z_
#define _In_z_
#define _Inout_
#define _Inout_opt_
#define _Inout_opt_z_
#define _Inout_z_
#define _Interlocked_
#define _Interlocked_operand_
#define _Literal_
#define _Maybe_raises_SEH_exception_
#define _Maybenull_
#define _Maybevalid_
#define _Must_inspect_result_
#define _No_competing_thread_
#define _Notliteral_
#define _Notnull_
#define _Notref_
#define _Notvalid_
#define _NullNull_terminated_
#define _Null_
#define _Null_terminated_
#define _Out_
#define _Out_opt_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_opt_result_maybenull_
#define _Outptr_opt_result_nullonfailure_
#define _Outptr_opt_result_z_
#define _Outptr_opt_z_
#define _Outptr_result_maybenull_
#define _Outptr_result_maybenull_z_
#define _Outptr_result_nullonfailure_
#define _Outptr_result_z_
#define _Outptr_z_
#define _Outref_
#define _Outref_opt_
#define _Outref_opt_result_maybenull_
#define _Outref_opt_z_
#define _Outref_result_maybenull_
#define _Outref_z_
#define _Points_to_data_
#define _Post_
#define _Post_invalid_
#define _Post_maybenull_
#define _Post_notnull_
#define _Post_null_
#define _Post_opt_valid_
#define _Post_ptr_invalid_
#define _Post_readonly_
#define _Post_valid_
#define _Post_writeonly_
#define _Post_z_
#define _Pre_
#define _Pre_invalid_
#define _Pre_maybenull_
#define _Pre_notnull_
#define _Pre_null_
#define _Pre_opt_valid_
#define _Pre_ptr_invalid_
#define _Pre_readonly_
#define _Pre_valid_
#define _Pre_writeonly_
#define _Pre_z_
#define _Prepost_
#define _Prepost_invalid_
#define _Prepost_maybenull_
#define _Prepost_notnull_
#define _Prepost_null_
#define _Prepost_opt_valid_
#define _Prepost_ptr_invalid_
#define _Prepost_readonly_
#define _Prepost_valid_
#define _Prepost_writeonly_
#define _Prepost_z_
#define _Printf_format_string_
#define _Raises_SEH_exception_
#define _Reserved_
#define _Result_nullonfailure_
#define _Result_zeroonfailure_
#define _Ret_
#define _Ret_maybenull_
#define _Ret_maybenull_z_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_opt_
#define _Ret_valid_
#define _Ret_z_
#define _Scanf_format_string_
#define _Scanf_s_format_string_
#define _Strict_type_match_
#define _Use_decl_annotations_
#define _Valid_
#define _Acquires_exclusive_lock_(a)
#define _Acquires_lock_(a)
#define _Acquires_nonreentrant_lock_(a)
#define _Acquires_shared_lock_(a)
#define _Always_(a)
#define _Analysis_assume_(a)
#define _Analysis_assume_nullterminated_(a)
#define _Analysis_mode_(a)
#define _At_(a, b)
#define _At_buffer_(a, b, c, d)
#define _Create_lock_level_(a)
#define _Deref_in_range_(a, b)
#define _Deref_out_range_(a, b)
#define _Dispatch_type_(a)
#define _Field_range_(a, b)
#define _Field_size_(a)
#define _Field_size_bytes_(a)
#define _Field_size_bytes_full_(a)
#define _Field_size_bytes_opt_(a)
#define _Field_size_bytes_part_(a, b)
#define _Field_size_bytes_part_opt_(a, b)
#define _Field_size_full_(a)
#define _Field_size_full_opt_(a)
#define _Field_size_opt_(a)
#define _Field_size_part_(a, b)
#define _Field_size_part_opt_(a, b)
#define _Function_class_(a)
#define _Group_(a)
#define _Guarded_by_(a)
#define _Has_lock_kind_(a)
#define _Has_lock_level_(a)
#define _IRQL_always_function_max_(a)
#define _IRQL_always_function_min_(a)
#define _IRQL_raises_(a)
#define _IRQL_requires_(a)
#define _IRQL_requires_max_(a)
#define _IRQL_requires_min_(a)
#define _IRQL_restores_global_(a, b)
#define _IRQL_saves_global_(a, b)
#define _IRQL_uses_cancel_(a)
#define _In_bytecap_(a)
#define _In_bytecap_c_(a)
#define _In_bytecap_x_(a)
#define _In_bytecount_(a)
#define _In_bytecount_c_(a)
#define _In_bytecount_x_(a)
#define _In_cap_(a)
#define _In_cap_c_(a)
#define _In_cap_x_(a)
#define _In_count_(a)
#define _In_count_c_(a)
#define _In_count_x_(a)
#define _In_opt_bytecap_(a)
#define _In_opt_bytecap_c_(a)
#define _In_opt_bytecap_x_(a)
#define _In_opt_bytecount_(a)
#define _In_opt_bytecount_c_(a)
#define _In_opt_bytecount_x_(a)
#define _In_opt_cap_(a)
#define _In_opt_cap_c_(a)
#define _In_opt_cap_x_(a)
#define _In_opt_count_(a)
#define _In_opt_count_c_(a)
#define _In_opt_count_x_(a)
#define _In_opt_z_bytecap_(a)
#define _In_opt_z_cap_(a)
#define _In_range_(a, b)
#define _In_reads_(a)
#define _In_reads_bytes_(a)
#define _In_reads_bytes_opt_(a)
#define _In_reads_opt_(a)
#define _In_reads_or_z_(a)
#define _In_reads_or_z_opt_(a)
#define _In_reads_to_ptr_(a)
#define _In_reads_to_ptr_opt_(a)
#define _In_reads_z_(a)
#define _In_reads_z_opt_(a)
#define _In_z_bytecap_(a)
#define _In_z_cap_(a)
#define _Init_guarded_by_(a)
#define _Inout_bytecap_(a)
#define _Inout_bytecap_c_(a)
#define _Inout_bytecap_x_(a)
#define _Inout_bytecount_(a)
#define _Inout_bytecount_c_(a)
#define _Inout_bytecount_x_(a)
#define _Inout_cap_(a)
#define _Inout_cap_c_(a)
#define _Inout_cap_x_(a)
#define _Inout_count_(a)
#define _Inout_count_c_(a)
#define _Inout_count_x_(a)
#define _Inout_opt_bytecap_(a)
#define _Inout_opt_bytecap_c_(a)
#define _Inout_opt_bytecap_x_(a)
#define _Inout_opt_bytecount_(a)
#define _Inout_opt_bytecount_c_(a)
#define _Inout_opt_bytecount_x_(a)
#define _Inout_opt_cap_(a)
#define _Inout_opt_cap_c_(a)
#define _Inout_opt_cap_x_(a)
#define _Inout_opt_count_(a)
#define _Inout_opt_count_c_(a)
#define _Inout_opt_count_x_(a)
#define _Inout_opt_z_bytecap_(a)
#define _Inout_opt_z_cap_(a)
#define _Inout_range_(a, b)
#define _Inout_updates_(a)
#define _Inout_updates_all_(a)
#define _Inout_updates_all_opt_(a)
#define _Inout_updates_bytes_(a)
#define _Inout_updates_bytes_all_(a)
#define _Inout_updates_bytes_all_opt_(a)
#define _Inout_updates_bytes_opt_(a)
#define _Inout_updates_bytes_to_(a, b)
#define _Inout_updates_bytes_to_opt_(a, b)
#define _Inout_updates_opt_(a)
#define _Inout_updates_to_(a, b)
#define _Inout_updates_to_opt_(a, b)
#define _Inout_updates_z_(a)
#define _Inout_updates_z_opt_(a)
#define _Inout_z_bytecap_(a)
#define _Inout_z_cap_(a)
#define _Kernel_clear_do_init_(a)
#define _Kernel_entry_(a)
#define _Lock_level_order_(a, b)
#define _Old_(a)
#define _On_failure_(a)
#define _Out_bytecap_(a)
#define _Out_bytecap_c_(a)
#define _Out_bytecap_x_(a)
#define _Out_bytecount_(a)
#define _Out_bytecount_c_(a)
#define _Out_bytecount_x_(a)
#define _Out_cap_(a)
#define _Out_cap_c_(a)
#define _Out_cap_x_(a)
#define _Out_count_(a)
#define _Out_count_c_(a)
#define _Out_count_x_(a)
#define _Out_opt_bytecap_(a)
#define _Out_opt_bytecap_c_(a)
#define _Out_opt_bytecap_x_(a)
#define _Out_opt_bytecount_(a)
#define _Out_opt_bytecount_c_(a)
#define _Out_opt_bytecount_x_(a)
#define _Out_opt_cap_(a)
#define _Out_opt_cap_c_(a)
#define _Out_opt_cap_x_(a)
#define _Out_opt_count_(a)
#define _Out_opt_count_c_(a)
#define _Out_opt_count_x_(a)
#define _Out_opt_z_bytecap_(a)
#define _Out_opt_z_cap_(a)
#define _Out_ptr_result_(a)
#define _Out_range_(a, b)
#define _Out_writes_(a)
#define _Out_writes_all_(a)
#define _Out_writes_all_opt_(a)
#define _Out_writes_bytes_(a)
#define _Out_writes_bytes_all_(a)
#define _Out_writes_bytes_all_opt_(a)
#define _Out_writes_bytes_opt_(a)
#define _Out_writes_bytes_to_(a, b)
#define _Out_writes_bytes_to_opt_(a, b)
#define _Out_writes_opt_(a)
#define _Out_writes_to_(a, b)
#define _Out_writes_to_opt_(a, b)
#define _Out_writes_to_ptr_(a)
#define _Out_writes_to_ptr_opt_(a)
#define _Out_writes_z_(a)
#define _Out_writes_z_opt_(a)
#define _Out_z_bytecap_(a)
#define _Out_z_cap_(a)
#define _Outptr_opt_result_buffer_(a)
#define _Outptr_opt_result_buffer_maybenull_(a)
#define _Outptr_opt_result_buffer_to_(a, b)
#define _Outptr_opt_result_bytebuffer_(a)
#define _Outptr_opt_result_bytebuffer_maybenull_(a)
#define _Outptr_opt_result_bytebuffer_to_(a, b)
#define _Outptr_result_buffer_(a)
#define _Outptr_result_buffer_maybenull_(a)
#define _Outptr_result_buffer_to_(a, b)
#define _Outptr_result_bytebuffer_(a)
#define _Outptr_result_bytebuffer_maybenull_(a)
#define _Outptr_result_bytebuffer_to_(a, b)
#define _Outref_result_buffer_(a)
#define _Outref_result_buffer_maybenull_(a)
#define _Outref_result_buffer_to_(a, b)
#define _Outref_result_bytebuffer_(a)
#define _Outref_result_bytebuffer_maybenull_(a)
#define _Outref_result_bytebuffer_to_(a, b)
#define _Post_bytecap_(a)
#define _Post_bytecount_(a)
#define _Post_cap_(a)
#define _Post_count_(a)
#define _Post_equal_to_(a)
#define _Post_range_(a, b)
#define _Post_readable_byte_size_(a)
#define _Post_readable_size_(a)
#define _Post_same_lock_(a, b)
#define _Post_satisfies_(a)
#define _Post_writable_byte_size_(a)
#define _Post_writable_size_(a)
#define _Pre_bytecap_(a)
#define _Pre_bytecount_(a)
#define _Pre_cap_(a)
#define _Pre_count_(a)
#define _Pre_equal_to_(a)
#define _Pre_opt_count_(a)
#define _Pre_range_(a, b)
#define _Pre_readable_byte_size_(a)
#define _Pre_readable_size_(a)
#define _Pre_satisfies_(a)
#define _Pre_writable_byte_size_(a)
#define _Pre_writable_size_(a)
#define _Prepost_bytecap_(a)
#define _Prepost_bytecount_(a)
#define _Prepost_cap_(a)
#define _Prepost_count_(a)
#define _Prepost_equal_to_(a)
#define _Prepost_readable_byte_size_(a)
#define _Prepost_readable_size_(a)
#define _Prepost_satisfies_(a)
#define _Prepost_writable_byte_size_(a)
#define _Prepost_writable_size_(a)
#define _Printf_format_string_params_(a)
#define _Readable_bytes_(a)
#define _Readable_elements_(a)
#define _Releases_exclusive_lock_(a)
#define _Releases_lock_(a)
#define _Releases_nonreentrant_lock_(a)
#define _Releases_shared_lock_(a)
#define _Requires_exclusive_lock_held_(a)
#define _Requires_lock_held_(a)
#define _Requires_lock_not_held_(a)
#define _Requires_shared_lock_held_(a)
#define _Ret_range_(a, b)
#define _Ret_writes_(a)
#define _Ret_writes_bytes_(a)
#define _Ret_writes_bytes_maybenull_(a)
#define _Ret_writes_bytes_to_(a, b)
#define _Ret_writes_maybenull_(a)
#define _Ret_writes_maybenull_z_(a)
#define _Ret_writes_to_(a, b)
#define _Ret_writes_z_(a)
#define _Return_type_success_(a)
#define _Satisfies_(a)
#define _Scanf_format_string_params_(a)
#define _String_length_(a)
#define _Struct_size_bytes_(a)
#define _Success_(a)
#define _Type_has_adt_(a)
#define _Unchanged_(a)
#define _When_(a, b)
#define _Writable_bytes_(a)
#define _Writable_elements_(a)
#define _Write_guarded_by_(a)

#endif
