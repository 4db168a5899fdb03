/* SPDX-License-Identifier: MIT */
/*
 * guiddef.h: GUID, and the ways to define, compare and find one.
 *
 * DEFINE_GUID declares its GUID; where INITGUID is defined (initguid.h), it
 * defines it, as often as you like.
 *
 * GCC cannot take the UUID out of __declspec(uuid("...")), only clang -fms-extensions
 * can. So __uuidof(X) works for each type that has, beside its declaration and in no
 * namespace,
 *	__CRT_UUID_DECL(X, 0x01234567, 0x89ab, 0xcdef, 1, 2, 3, 4, 5, 6, 7, 8)
 * as every interface in the headers of this tree has (the macro's name is
 * MinGW's). X is a type, a pointer to one, or an expression of such a type.
 */
#ifndef GUID_DEFINED
#define GUID_DEFINED

#include <string.h>
#include <windef.h>

typedef struct _GUID {
	ULONG Data1;
	USHORT Data2;
	USHORT Data3;
	UCHAR Data4[8];
} GUID, *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID, *LPIID, CLSID, *LPCLSID, FMTID, *LPFMTID, UUID;

C_ASSERT(sizeof(GUID) == 16);

#ifdef __cplusplus
#define REFGUID		const GUID &
#define REFIID		const IID &
#define REFCLSID	const CLSID &
#define REFFMTID	const FMTID &

static inline bool IsEqualGUID(REFGUID a, REFGUID b)
{
	return !memcmp(&a, &b, sizeof(GUID));
}

extern "C++" {
inline bool operator==(REFGUID a, REFGUID b)
{
	return IsEqualGUID(a, b);
}

inline bool operator!=(REFGUID a, REFGUID b)
{
	return !IsEqualGUID(a, b);
}

/*
 * A UUID whose address is a constant expression. Hidden: what g++ shares between
 * libraries would keep the first of them loaded for ever.
 */
template <uint32_t l, uint16_t w1, uint16_t w2, uint8_t b1, uint8_t b2, uint8_t b3,
	  uint8_t b4, uint8_t b5, uint8_t b6, uint8_t b7, uint8_t b8>
struct __attribute__((visibility("hidden"))) winbase_guid {
	static constexpr GUID value = {
		l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } };
};
template <uint32_t l, uint16_t w1, uint16_t w2, uint8_t b1, uint8_t b2, uint8_t b3,
	  uint8_t b4, uint8_t b5, uint8_t b6, uint8_t b7, uint8_t b8>
constexpr GUID winbase_guid<l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8>::value;

/* No such thing as a default: a type without a UUID does not compile. */
#undef __uuidof
#undef _uuidof
template <typename T> struct __attribute__((visibility("hidden"))) winbase_uuid
#ifdef WINBASE_HAS_UUIDOF
{
	static constexpr const GUID &value = __uuidof(T);
}
#endif
;
template <typename T> struct winbase_uuid<T *> : winbase_uuid<T> {};
template <typename T> struct winbase_uuid<T &> : winbase_uuid<T> {};
template <typename T> struct winbase_uuid<const T> : winbase_uuid<T> {};
}

#define __CRT_UUID_DECL(type, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)	\
extern "C++" {									\
template <> struct __attribute__((visibility("hidden"))) winbase_uuid<type>	\
	: winbase_guid<l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8> {};		\
}
#define __uuidof(x)	(winbase_uuid<__typeof__(x)>::value)
#define _uuidof(x)	__uuidof(x)

#else
#define REFGUID		const GUID *
#define REFIID		const IID *
#define REFCLSID	const CLSID *
#define REFFMTID	const FMTID *

#define IsEqualGUID(a, b)	(!memcmp(a, b, sizeof(GUID)))
#define __CRT_UUID_DECL(type, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)
#endif

#define InlineIsEqualGUID(a, b)	IsEqualGUID(a, b)
#define IsEqualIID(a, b)	IsEqualGUID(a, b)
#define IsEqualCLSID(a, b)	IsEqualGUID(a, b)
#define IsEqualFMTID(a, b)	IsEqualGUID(a, b)

EXTERN_C __attribute__((visibility("default"))) const GUID GUID_NULL;
#define IID_NULL	GUID_NULL
#define CLSID_NULL	GUID_NULL

#endif

/* Each time that this is included, because INITGUID may have been defined since. */
#undef DEFINE_GUID
#if !defined(INITGUID)
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
	EXTERN_C const GUID name
#elif defined(__cplusplus)
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
	EXTERN_C const GUID name __attribute__((weak)) = { \
		l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } }
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
	const GUID name __attribute__((weak)) = { \
		l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } }
#endif
#undef DEFINE_OLEGUID
#define DEFINE_OLEGUID(name, l, w1, w2) \
	DEFINE_GUID(name, l, w1, w2, 0xc0, 0, 0, 0, 0, 0, 0, 0x46)
