/* SPDX-License-Identifier: MIT */
/*
 * windns.h: the asynchronous DNS API of Windows.
 *
 * Differences from Windows that a client can see:
 *
 *  - WCHAR is 16 bits, LONG, ULONG and DWORD are 32 (windows.h of this tree).
 *  - Servers may have a port: 0 is 53. Windows refuses one; so does this library
 *    with WINDNS_STRICT=1 in the environment.
 *  - AF_INET6 is the platform's own value.
 *  - WinDnsGetFd and WinDnsDispatch at the end, for programs with a loop. Call
 *    WinDnsGetFd before each wait: the fd is another one when a driver has died.
 *
 * Not carried yet: the hosts file, suffix search, a cache; types with a struct
 * beyond those of ordinary answers (WKS, SIG, KEY, NXT, ATMA, OPT, DS, RRSIG,
 * NSEC, DNSKEY, DHCID, NSEC3, NSEC3PARAM, TLSA, TKEY, TSIG, WINS): asking for one
 * is ERROR_NOT_SUPPORTED (50), and in an answer it is left out. So are
 * DNS_QUERY_MULTICAST_ONLY, _DUAL_ADDR and the DNSSEC options. InterfaceIndex and
 * the scope of an IPv6 server are ignored. A child of fork() keeps the parent's
 * fds open.
 */
#ifndef _WINDNS_INCLUDED_
#define _WINDNS_INCLUDED_

#include <windows.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef LONG DNS_STATUS, *PDNS_STATUS;

/* status codes */
#define DNS_ERROR_RCODE_NO_ERROR		0
#define DNS_ERROR_RESPONSE_CODES_BASE		9000
#define DNS_ERROR_RCODE_FORMAT_ERROR		9001
#define DNS_ERROR_RCODE_SERVER_FAILURE		9002
#define DNS_ERROR_RCODE_NAME_ERROR		9003
#define DNS_ERROR_RCODE_NOT_IMPLEMENTED		9004
#define DNS_ERROR_RCODE_REFUSED			9005
#define DNS_ERROR_RCODE_YXDOMAIN		9006
#define DNS_ERROR_RCODE_YXRRSET			9007
#define DNS_ERROR_RCODE_NXRRSET			9008
#define DNS_ERROR_RCODE_NOTAUTH			9009
#define DNS_ERROR_RCODE_NOTZONE			9010
#define DNS_ERROR_RCODE_BADSIG			9016
#define DNS_ERROR_RCODE_BADKEY			9017
#define DNS_ERROR_RCODE_BADTIME			9018
#define DNS_INFO_NO_RECORDS			9501
#define DNS_ERROR_BAD_PACKET			9502
#define DNS_ERROR_NO_PACKET			9503
#define DNS_ERROR_RCODE				9504
#define DNS_ERROR_UNSECURE_PACKET		9505
#define DNS_REQUEST_PENDING			9506
#define DNS_ERROR_NO_MEMORY			ERROR_OUTOFMEMORY
#define DNS_ERROR_INVALID_NAME			ERROR_INVALID_NAME
#define DNS_ERROR_INVALID_DATA			ERROR_INVALID_DATA
#define DNS_ERROR_INVALID_TYPE			9551
#define DNS_ERROR_INVALID_IP_ADDRESS		9552
#define DNS_ERROR_INVALID_PROPERTY		9553
#define DNS_ERROR_TRY_AGAIN_LATER		9554
#define DNS_ERROR_NOT_UNIQUE			9555
#define DNS_ERROR_NON_RFC_NAME			9556
#define DNS_ERROR_INVALID_NAME_CHAR		9560
#define DNS_ERROR_NUMERIC_NAME			9561
#define DNS_ERROR_RECORD_DOES_NOT_EXIST		9701
#define DNS_ERROR_CNAME_LOOP			9707
#define DNS_ERROR_NO_TCPIP			9851
#define DNS_ERROR_NO_DNS_SERVERS		9852

/* query options */
#define DNS_QUERY_STANDARD			0x00000000
#define DNS_QUERY_ACCEPT_TRUNCATED_RESPONSE	0x00000001
#define DNS_QUERY_USE_TCP_ONLY			0x00000002
#define DNS_QUERY_NO_RECURSION			0x00000004
#define DNS_QUERY_BYPASS_CACHE			0x00000008
#define DNS_QUERY_NO_WIRE_QUERY			0x00000010
#define DNS_QUERY_CACHE_ONLY			DNS_QUERY_NO_WIRE_QUERY
#define DNS_QUERY_NO_LOCAL_NAME			0x00000020
#define DNS_QUERY_NO_HOSTS_FILE			0x00000040
#define DNS_QUERY_NO_NETBT			0x00000080
#define DNS_QUERY_WIRE_ONLY			0x00000100
#define DNS_QUERY_RETURN_MESSAGE		0x00000200
#define DNS_QUERY_MULTICAST_ONLY		0x00000400
#define DNS_QUERY_NO_MULTICAST			0x00000800
#define DNS_QUERY_TREAT_AS_FQDN			0x00001000
#define DNS_QUERY_ADDRCONFIG			0x00002000
#define DNS_QUERY_DUAL_ADDR			0x00004000
#define DNS_QUERY_MULTICAST_WAIT		0x00020000
#define DNS_QUERY_MULTICAST_VERIFY		0x00040000
#define DNS_QUERY_DONT_RESET_TTL_VALUES		0x00100000
#define DNS_QUERY_DISABLE_IDN_ENCODING		0x00200000
#define DNS_QUERY_APPEND_MULTILABEL		0x00800000
#define DNS_QUERY_DNSSEC_OK			0x01000000
#define DNS_QUERY_DNSSEC_CHECKING_DISABLED	0x02000000
#define DNS_QUERY_DNSSEC_REQUIRED		0x04000000
#define DNS_QUERY_RESERVED			0xf0000000
#define DNS_QUERY_PARSE_ALL_RECORDS		0x0400000000000000ULL

/* record types */
#define DNS_TYPE_ZERO		0x0000
#define DNS_TYPE_A		0x0001
#define DNS_TYPE_NS		0x0002
#define DNS_TYPE_MD		0x0003
#define DNS_TYPE_MF		0x0004
#define DNS_TYPE_CNAME		0x0005
#define DNS_TYPE_SOA		0x0006
#define DNS_TYPE_MB		0x0007
#define DNS_TYPE_MG		0x0008
#define DNS_TYPE_MR		0x0009
#define DNS_TYPE_NULL		0x000a
#define DNS_TYPE_WKS		0x000b
#define DNS_TYPE_PTR		0x000c
#define DNS_TYPE_HINFO		0x000d
#define DNS_TYPE_MINFO		0x000e
#define DNS_TYPE_MX		0x000f
#define DNS_TYPE_TEXT		0x0010
#define DNS_TYPE_TXT		DNS_TYPE_TEXT
#define DNS_TYPE_RP		0x0011
#define DNS_TYPE_AFSDB		0x0012
#define DNS_TYPE_X25		0x0013
#define DNS_TYPE_ISDN		0x0014
#define DNS_TYPE_RT		0x0015
#define DNS_TYPE_NSAP		0x0016
#define DNS_TYPE_NSAPPTR	0x0017
#define DNS_TYPE_SIG		0x0018
#define DNS_TYPE_KEY		0x0019
#define DNS_TYPE_PX		0x001a
#define DNS_TYPE_GPOS		0x001b
#define DNS_TYPE_AAAA		0x001c
#define DNS_TYPE_LOC		0x001d
#define DNS_TYPE_NXT		0x001e
#define DNS_TYPE_EID		0x001f
#define DNS_TYPE_NIMLOC		0x0020
#define DNS_TYPE_SRV		0x0021
#define DNS_TYPE_ATMA		0x0022
#define DNS_TYPE_NAPTR		0x0023
#define DNS_TYPE_KX		0x0024
#define DNS_TYPE_CERT		0x0025
#define DNS_TYPE_A6		0x0026
#define DNS_TYPE_DNAME		0x0027
#define DNS_TYPE_SINK		0x0028
#define DNS_TYPE_OPT		0x0029
#define DNS_TYPE_DS		0x002b
#define DNS_TYPE_RRSIG		0x002e
#define DNS_TYPE_NSEC		0x002f
#define DNS_TYPE_DNSKEY		0x0030
#define DNS_TYPE_DHCID		0x0031
#define DNS_TYPE_NSEC3		0x0032
#define DNS_TYPE_NSEC3PARAM	0x0033
#define DNS_TYPE_TLSA		0x0034
#define DNS_TYPE_SVCB		0x0040
#define DNS_TYPE_HTTPS		0x0041
#define DNS_TYPE_UINFO		0x0064
#define DNS_TYPE_UID		0x0065
#define DNS_TYPE_GID		0x0066
#define DNS_TYPE_UNSPEC		0x0067
#define DNS_TYPE_ADDRS		0x00f8
#define DNS_TYPE_TKEY		0x00f9
#define DNS_TYPE_TSIG		0x00fa
#define DNS_TYPE_IXFR		0x00fb
#define DNS_TYPE_AXFR		0x00fc
#define DNS_TYPE_MAILB		0x00fd
#define DNS_TYPE_MAILA		0x00fe
#define DNS_TYPE_ALL		0x00ff
#define DNS_TYPE_ANY		DNS_TYPE_ALL
#define DNS_TYPE_WINS		0xff01
#define DNS_TYPE_WINSR		0xff02
#define DNS_TYPE_NBSTAT		DNS_TYPE_WINSR

#define DNS_MAX_NAME_LENGTH		255
#define DNS_MAX_NAME_BUFFER_LENGTH	256
#define DNS_MAX_LABEL_LENGTH		63
#define DNS_MAX_LABEL_BUFFER_LENGTH	64
#define DNS_MAX_TEXT_STRING_LENGTH	255
#define DNS_RFC_MAX_UDP_PACKET_LENGTH	512

/*
 * Records
 */

typedef DWORD IP4_ADDRESS, *PIP4_ADDRESS;

typedef union _IP6_ADDRESS {
	ULONG64 IP6Qword[2];
	DWORD IP6Dword[4];
	WORD IP6Word[8];
	BYTE IP6Byte[16];
	struct in6_addr In6;
} IP6_ADDRESS, *PIP6_ADDRESS;
typedef IP6_ADDRESS DNS_IP6_ADDRESS, *PDNS_IP6_ADDRESS;

/* in network order */
typedef struct _DnsAData {
	IP4_ADDRESS IpAddress;
} DNS_A_DATA, *PDNS_A_DATA;

typedef struct _DnsAAAAData {
	DNS_IP6_ADDRESS Ip6Address;
} DNS_AAAA_DATA, *PDNS_AAAA_DATA;

typedef struct _DnsPtrDataA {
	PSTR pNameHost;
} DNS_PTR_DATAA, *PDNS_PTR_DATAA;

typedef struct _DnsPtrDataW {
	PWSTR pNameHost;
} DNS_PTR_DATAW, *PDNS_PTR_DATAW;

typedef struct _DnsSoaDataA {
	PSTR pNamePrimaryServer;
	PSTR pNameAdministrator;
	DWORD dwSerialNo;
	DWORD dwRefresh;
	DWORD dwRetry;
	DWORD dwExpire;
	DWORD dwDefaultTtl;
} DNS_SOA_DATAA, *PDNS_SOA_DATAA;

typedef struct _DnsSoaDataW {
	PWSTR pNamePrimaryServer;
	PWSTR pNameAdministrator;
	DWORD dwSerialNo;
	DWORD dwRefresh;
	DWORD dwRetry;
	DWORD dwExpire;
	DWORD dwDefaultTtl;
} DNS_SOA_DATAW, *PDNS_SOA_DATAW;

typedef struct _DnsMinfoDataA {
	PSTR pNameMailbox;
	PSTR pNameErrorsMailbox;
} DNS_MINFO_DATAA, *PDNS_MINFO_DATAA;

typedef struct _DnsMinfoDataW {
	PWSTR pNameMailbox;
	PWSTR pNameErrorsMailbox;
} DNS_MINFO_DATAW, *PDNS_MINFO_DATAW;

typedef struct _DnsMxDataA {
	PSTR pNameExchange;
	WORD wPreference;
	WORD Pad;
} DNS_MX_DATAA, *PDNS_MX_DATAA;

typedef struct _DnsMxDataW {
	PWSTR pNameExchange;
	WORD wPreference;
	WORD Pad;
} DNS_MX_DATAW, *PDNS_MX_DATAW;

typedef struct _DnsTxtDataA {
	DWORD dwStringCount;
	PSTR pStringArray[1];
} DNS_TXT_DATAA, *PDNS_TXT_DATAA;

typedef struct _DnsTxtDataW {
	DWORD dwStringCount;
	PWSTR pStringArray[1];
} DNS_TXT_DATAW, *PDNS_TXT_DATAW;

typedef struct _DnsNullData {
	DWORD dwByteCount;
	BYTE Data[1];
} DNS_NULL_DATA, *PDNS_NULL_DATA;

typedef struct _DnsWksData {
	IP4_ADDRESS IpAddress;
	UCHAR chProtocol;
	BYTE BitMask[1];
} DNS_WKS_DATA, *PDNS_WKS_DATA;

typedef struct _DnsKeyData {
	WORD wFlags;
	BYTE chProtocol;
	BYTE chAlgorithm;
	WORD wKeyLength;
	WORD wPad;
	BYTE Key[1];
} DNS_KEY_DATA, *PDNS_KEY_DATA, DNS_DNSKEY_DATA, *PDNS_DNSKEY_DATA;

typedef struct _DnsSigDataA {
	WORD wTypeCovered;
	BYTE chAlgorithm;
	BYTE chLabelCount;
	DWORD dwOriginalTtl;
	DWORD dwExpiration;
	DWORD dwTimeSigned;
	WORD wKeyTag;
	WORD wSignatureLength;
	PSTR pNameSigner;
	BYTE Signature[1];
} DNS_SIG_DATAA, *PDNS_SIG_DATAA, DNS_RRSIG_DATAA, *PDNS_RRSIG_DATAA;

typedef struct _DnsSigDataW {
	WORD wTypeCovered;
	BYTE chAlgorithm;
	BYTE chLabelCount;
	DWORD dwOriginalTtl;
	DWORD dwExpiration;
	DWORD dwTimeSigned;
	WORD wKeyTag;
	WORD wSignatureLength;
	PWSTR pNameSigner;
	BYTE Signature[1];
} DNS_SIG_DATAW, *PDNS_SIG_DATAW, DNS_RRSIG_DATAW, *PDNS_RRSIG_DATAW;

typedef struct _DnsDsData {
	WORD wKeyTag;
	BYTE chAlgorithm;
	BYTE chDigestType;
	WORD wDigestLength;
	WORD wPad;
	BYTE Digest[1];
} DNS_DS_DATA, *PDNS_DS_DATA;

typedef struct _DnsNsecDataA {
	PSTR pNextDomainName;
	WORD wTypeBitMapsLength;
	WORD wPad;
	BYTE TypeBitMaps[1];
} DNS_NSEC_DATAA, *PDNS_NSEC_DATAA;

typedef struct _DnsNsecDataW {
	PWSTR pNextDomainName;
	WORD wTypeBitMapsLength;
	WORD wPad;
	BYTE TypeBitMaps[1];
} DNS_NSEC_DATAW, *PDNS_NSEC_DATAW;

/* chData is the salt, the hash and the bitmaps */
typedef struct _DnsNsec3Data {
	BYTE chAlgorithm;
	BYTE bFlags;
	WORD wIterations;
	BYTE bSaltLength;
	BYTE bHashLength;
	WORD wTypeBitMapsLength;
	BYTE chData[1];
} DNS_NSEC3_DATA, *PDNS_NSEC3_DATA;

typedef struct _DnsNsec3ParamData {
	BYTE chAlgorithm;
	BYTE bFlags;
	WORD wIterations;
	BYTE bSaltLength;
	BYTE bPad[3];
	BYTE pbSalt[1];
} DNS_NSEC3PARAM_DATA, *PDNS_NSEC3PARAM_DATA;

typedef struct _DnsTlsaData {
	BYTE bCertUsage;
	BYTE bSelector;
	BYTE bMatchingType;
	WORD bCertificateAssociationDataLength;
	BYTE bPad[3];
	BYTE bCertificateAssociationData[1];
} DNS_TLSA_DATA, *PDNS_TLSA_DATA;

typedef struct _DnsOptData {
	WORD wDataLength;
	WORD wPad;
	BYTE Data[1];
} DNS_OPT_DATA, *PDNS_OPT_DATA;

typedef struct _DnsLocData {
	WORD wVersion;
	WORD wSize;
	WORD wHorPrec;
	WORD wVerPrec;
	DWORD dwLatitude;
	DWORD dwLongitude;
	DWORD dwAltitude;
} DNS_LOC_DATA, *PDNS_LOC_DATA;

typedef struct _DnsNxtDataA {
	PSTR pNameNext;
	WORD wNumTypes;
	WORD wTypes[1];
} DNS_NXT_DATAA, *PDNS_NXT_DATAA;

typedef struct _DnsNxtDataW {
	PWSTR pNameNext;
	WORD wNumTypes;
	WORD wTypes[1];
} DNS_NXT_DATAW, *PDNS_NXT_DATAW;

typedef struct _DnsSrvDataA {
	PSTR pNameTarget;
	WORD wPriority;
	WORD wWeight;
	WORD wPort;
	WORD Pad;
} DNS_SRV_DATAA, *PDNS_SRV_DATAA;

typedef struct _DnsSrvDataW {
	PWSTR pNameTarget;
	WORD wPriority;
	WORD wWeight;
	WORD wPort;
	WORD Pad;
} DNS_SRV_DATAW, *PDNS_SRV_DATAW;

typedef struct _DnsNaptrDataA {
	WORD wOrder;
	WORD wPreference;
	PSTR pFlags;
	PSTR pService;
	PSTR pRegularExpression;
	PSTR pReplacement;
} DNS_NAPTR_DATAA, *PDNS_NAPTR_DATAA;

typedef struct _DnsNaptrDataW {
	WORD wOrder;
	WORD wPreference;
	PWSTR pFlags;
	PWSTR pService;
	PWSTR pRegularExpression;
	PWSTR pReplacement;
} DNS_NAPTR_DATAW, *PDNS_NAPTR_DATAW;

#define DNS_ATMA_MAX_ADDR_LENGTH	20

typedef struct _DnsAtmaData {
	BYTE AddressType;
	BYTE Address[DNS_ATMA_MAX_ADDR_LENGTH];
} DNS_ATMA_DATA, *PDNS_ATMA_DATA;

typedef struct _DnsTKeyDataA {
	PSTR pNameAlgorithm;
	PBYTE pAlgorithmPacket;
	PBYTE pKey;
	PBYTE pOtherData;
	DWORD dwCreateTime;
	DWORD dwExpireTime;
	WORD wMode;
	WORD wError;
	WORD wKeyLength;
	WORD wOtherLength;
	UCHAR cAlgNameLength;
	BOOL bPacketPointers;
} DNS_TKEY_DATAA, *PDNS_TKEY_DATAA;

typedef struct _DnsTKeyDataW {
	PWSTR pNameAlgorithm;
	PBYTE pAlgorithmPacket;
	PBYTE pKey;
	PBYTE pOtherData;
	DWORD dwCreateTime;
	DWORD dwExpireTime;
	WORD wMode;
	WORD wError;
	WORD wKeyLength;
	WORD wOtherLength;
	UCHAR cAlgNameLength;
	BOOL bPacketPointers;
} DNS_TKEY_DATAW, *PDNS_TKEY_DATAW;

typedef struct _DnsTsigDataA {
	PSTR pNameAlgorithm;
	PBYTE pAlgorithmPacket;
	PBYTE pSignature;
	PBYTE pOtherData;
	LONGLONG i64CreateTime;
	WORD wFudgeTime;
	WORD wOriginalXid;
	WORD wError;
	WORD wSigLength;
	WORD wOtherLength;
	UCHAR cAlgNameLength;
	BOOL bPacketPointers;
} DNS_TSIG_DATAA, *PDNS_TSIG_DATAA;

typedef struct _DnsTsigDataW {
	PWSTR pNameAlgorithm;
	PBYTE pAlgorithmPacket;
	PBYTE pSignature;
	PBYTE pOtherData;
	LONGLONG i64CreateTime;
	WORD wFudgeTime;
	WORD wOriginalXid;
	WORD wError;
	WORD wSigLength;
	WORD wOtherLength;
	UCHAR cAlgNameLength;
	BOOL bPacketPointers;
} DNS_TSIG_DATAW, *PDNS_TSIG_DATAW;

typedef struct _DnsWinsData {
	DWORD dwMappingFlag;
	DWORD dwLookupTimeout;
	DWORD dwCacheTimeout;
	DWORD cWinsServerCount;
	IP4_ADDRESS WinsServers[1];
} DNS_WINS_DATA, *PDNS_WINS_DATA;

typedef struct _DnsWinsrDataA {
	DWORD dwMappingFlag;
	DWORD dwLookupTimeout;
	DWORD dwCacheTimeout;
	PSTR pNameResultDomain;
} DNS_WINSR_DATAA, *PDNS_WINSR_DATAA;

typedef struct _DnsWinsrDataW {
	DWORD dwMappingFlag;
	DWORD dwLookupTimeout;
	DWORD dwCacheTimeout;
	PWSTR pNameResultDomain;
} DNS_WINSR_DATAW, *PDNS_WINSR_DATAW;

typedef struct _DnsDhcidData {
	DWORD dwByteCount;
	BYTE DHCID[1];
} DNS_DHCID_DATA, *PDNS_DHCID_DATA;

typedef struct _DnsUnknownData {
	DWORD dwByteCount;
	BYTE bData[1];
} DNS_UNKNOWN_DATA, *PDNS_UNKNOWN_DATA;

typedef struct _DnsRecordFlags {
	DWORD Section : 2;
	DWORD Delete : 1;
	DWORD CharSet : 2;
	DWORD Unused : 3;
	DWORD Reserved : 24;
} DNS_RECORD_FLAGS;

typedef enum _DnsSection {
	DnsSectionQuestion,
	DnsSectionAnswer,
	DnsSectionAuthority,
	DnsSectionAddtional,		/* so spelled in the SDK */
} DNS_SECTION;
#define DnsSectionAdditional	DnsSectionAddtional

typedef enum _DNS_CHARSET {
	DnsCharSetUnknown,
	DnsCharSetUnicode,
	DnsCharSetUtf8,
	DnsCharSetAnsi,
} DNS_CHARSET;

typedef struct _DnsRecordA {
	struct _DnsRecordA *pNext;
	PSTR pName;
	WORD wType;
	WORD wDataLength;
	union {
		DWORD DW;
		DNS_RECORD_FLAGS S;
	} Flags;
	DWORD dwTtl;
	DWORD dwReserved;
	union {
		DNS_A_DATA A;
		DNS_SOA_DATAA SOA, Soa;
		DNS_PTR_DATAA PTR, Ptr, NS, Ns, CNAME, Cname, DNAME, Dname;
		DNS_PTR_DATAA MB, Mb, MD, Md, MF, Mf, MG, Mg, MR, Mr;
		DNS_MINFO_DATAA MINFO, Minfo, RP, Rp;
		DNS_MX_DATAA MX, Mx, AFSDB, Afsdb, RT, Rt;
		DNS_TXT_DATAA HINFO, Hinfo, ISDN, Isdn, TXT, Txt, X25;
		DNS_NULL_DATA Null;
		DNS_WKS_DATA WKS, Wks;
		DNS_AAAA_DATA AAAA;
		DNS_KEY_DATA KEY, Key;
		DNS_SIG_DATAA SIG, Sig;
		DNS_ATMA_DATA ATMA, Atma;
		DNS_NXT_DATAA NXT, Nxt;
		DNS_SRV_DATAA SRV, Srv;
		DNS_NAPTR_DATAA NAPTR, Naptr;
		DNS_OPT_DATA OPT, Opt;
		DNS_DS_DATA DS, Ds;
		DNS_RRSIG_DATAA RRSIG, Rrsig;
		DNS_NSEC_DATAA NSEC, Nsec;
		DNS_DNSKEY_DATA DNSKEY, Dnskey;
		DNS_TKEY_DATAA TKEY, Tkey;
		DNS_TSIG_DATAA TSIG, Tsig;
		DNS_WINS_DATA WINS, Wins;
		DNS_WINSR_DATAA WINSR, WinsR, NBSTAT, Nbstat;
		DNS_DHCID_DATA DHCID;
		DNS_NSEC3_DATA NSEC3, Nsec3;
		DNS_NSEC3PARAM_DATA NSEC3PARAM, Nsec3Param;
		DNS_TLSA_DATA TLSA, Tlsa;
		DNS_UNKNOWN_DATA UNKNOWN, Unknown;
		PBYTE pDataPtr;
	} Data;
} DNS_RECORDA, *PDNS_RECORDA;

typedef struct _DnsRecordW {
	struct _DnsRecordW *pNext;
	PWSTR pName;
	WORD wType;
	WORD wDataLength;
	union {
		DWORD DW;
		DNS_RECORD_FLAGS S;
	} Flags;
	DWORD dwTtl;
	DWORD dwReserved;
	union {
		DNS_A_DATA A;
		DNS_SOA_DATAW SOA, Soa;
		DNS_PTR_DATAW PTR, Ptr, NS, Ns, CNAME, Cname, DNAME, Dname;
		DNS_PTR_DATAW MB, Mb, MD, Md, MF, Mf, MG, Mg, MR, Mr;
		DNS_MINFO_DATAW MINFO, Minfo, RP, Rp;
		DNS_MX_DATAW MX, Mx, AFSDB, Afsdb, RT, Rt;
		DNS_TXT_DATAW HINFO, Hinfo, ISDN, Isdn, TXT, Txt, X25;
		DNS_NULL_DATA Null;
		DNS_WKS_DATA WKS, Wks;
		DNS_AAAA_DATA AAAA;
		DNS_KEY_DATA KEY, Key;
		DNS_SIG_DATAW SIG, Sig;
		DNS_ATMA_DATA ATMA, Atma;
		DNS_NXT_DATAW NXT, Nxt;
		DNS_SRV_DATAW SRV, Srv;
		DNS_NAPTR_DATAW NAPTR, Naptr;
		DNS_OPT_DATA OPT, Opt;
		DNS_DS_DATA DS, Ds;
		DNS_RRSIG_DATAW RRSIG, Rrsig;
		DNS_NSEC_DATAW NSEC, Nsec;
		DNS_DNSKEY_DATA DNSKEY, Dnskey;
		DNS_TKEY_DATAW TKEY, Tkey;
		DNS_TSIG_DATAW TSIG, Tsig;
		DNS_WINS_DATA WINS, Wins;
		DNS_WINSR_DATAW WINSR, WinsR, NBSTAT, Nbstat;
		DNS_DHCID_DATA DHCID;
		DNS_NSEC3_DATA NSEC3, Nsec3;
		DNS_NSEC3PARAM_DATA NSEC3PARAM, Nsec3Param;
		DNS_TLSA_DATA TLSA, Tlsa;
		DNS_UNKNOWN_DATA UNKNOWN, Unknown;
		PBYTE pDataPtr;
	} Data;
} DNS_RECORDW, *PDNS_RECORDW;

/* DnsQueryEx returns wide strings even where this says otherwise. */
#ifdef UNICODE
typedef DNS_RECORDW DNS_RECORD, *PDNS_RECORD;
#else
typedef DNS_RECORDA DNS_RECORD, *PDNS_RECORD;
#endif

typedef enum {
	DnsFreeFlat,
	DnsFreeRecordList,
	DnsFreeParsedMessageFields,
} DNS_FREE_TYPE;
#define DnsFreeRecordListDeep	DnsFreeRecordList

VOID WINAPI DnsFree(PVOID pData, DNS_FREE_TYPE FreeType);
/* FreeType is ignored. */
VOID WINAPI DnsRecordListFree(PVOID pRecordList, DNS_FREE_TYPE FreeType);
#define DnsRecordListFree(p, t)	DnsFree(p, DnsFreeRecordList)

/*
 * Queries
 */

#define DNS_ADDR_MAX_SOCKADDR_LENGTH	32

#pragma pack(push, 1)
typedef struct _DnsAddr {
	CHAR MaxSa[DNS_ADDR_MAX_SOCKADDR_LENGTH];
	union {
		DWORD DnsAddrUserDword[8];
	} Data;
} DNS_ADDR, *PDNS_ADDR;

/* Of these only AddrCount and AddrArray count. */
typedef struct _DnsAddrArray {
	DWORD MaxCount;
	DWORD AddrCount;
	DWORD Tag;
	WORD Family;
	WORD WordReserved;
	DWORD Flags;
	DWORD MatchFlag;
	DWORD Reserved1;
	DWORD Reserved2;
	DNS_ADDR AddrArray[1];
} DNS_ADDR_ARRAY, *PDNS_ADDR_ARRAY;
#pragma pack(pop)

#define DNS_CUSTOM_SERVER_TYPE_UDP			0x1
#define DNS_CUSTOM_SERVER_TYPE_DOH			0x2
#define DNS_CUSTOM_SERVER_TYPE_DOT			0x3
#define DNS_CUSTOM_SERVER_UDP_FALLBACK			0x1
#define DNS_CUSTOM_SERVER_UPGRADE_FROM_WELL_KNOWN_SERVERS 0x2

/* MSVC aligns 64 bits to 8 on 32-bit machines too. */
#define WINDNS_ALIGN8	__attribute__((aligned(8)))

typedef struct _DNS_CUSTOM_SERVER {
	DWORD dwServerType;
	ULONG64 ullFlags WINDNS_ALIGN8;
	union {
		PWSTR pwszTemplate;
		PWSTR pwszHostname;
	};
	union {
		SOCKADDR_INET ServerAddr;
		CHAR MaxSa[DNS_ADDR_MAX_SOCKADDR_LENGTH];
	} WINDNS_ALIGN8;
} DNS_CUSTOM_SERVER;

#define DNS_QUERY_REQUEST_VERSION1	0x1
#define DNS_QUERY_REQUEST_VERSION2	0x2	/* refused */
#define DNS_QUERY_REQUEST_VERSION3	0x3
#define DNS_QUERY_RESULTS_VERSION1	0x1

typedef struct _DNS_QUERY_RESULT {
	ULONG Version;
	DNS_STATUS QueryStatus;
	ULONG64 QueryOptions WINDNS_ALIGN8;
	PDNS_RECORD pQueryRecords;
	PVOID Reserved;
} DNS_QUERY_RESULT, *PDNS_QUERY_RESULT;

typedef VOID WINAPI DNS_QUERY_COMPLETION_ROUTINE(PVOID pQueryContext,
						 PDNS_QUERY_RESULT pQueryResults);
typedef DNS_QUERY_COMPLETION_ROUTINE *PDNS_QUERY_COMPLETION_ROUTINE;

typedef struct _DNS_QUERY_REQUEST {
	ULONG Version;
	PCWSTR QueryName;
	WORD QueryType;
	ULONG64 QueryOptions WINDNS_ALIGN8;
	PDNS_ADDR_ARRAY pDnsServerList;
	ULONG InterfaceIndex;
	PDNS_QUERY_COMPLETION_ROUTINE pQueryCompletionCallback;
	PVOID pQueryContext;
} DNS_QUERY_REQUEST, *PDNS_QUERY_REQUEST;

typedef struct _DNS_QUERY_REQUEST3 {
	ULONG Version;
	PCWSTR QueryName;
	WORD QueryType;
	ULONG64 QueryOptions WINDNS_ALIGN8;
	PDNS_ADDR_ARRAY pDnsServerList;
	ULONG InterfaceIndex;
	PDNS_QUERY_COMPLETION_ROUTINE pQueryCompletionCallback;
	PVOID pQueryContext;
	BOOL IsNetworkQueryRequired;
	DWORD RequiredNetworkIndex;
	DWORD cCustomServers;
	DNS_CUSTOM_SERVER *pCustomServers;
} DNS_QUERY_REQUEST3, *PDNS_QUERY_REQUEST3;

typedef struct _DNS_QUERY_CANCEL {
	CHAR Reserved[32] WINDNS_ALIGN8;
} DNS_QUERY_CANCEL, *PDNS_QUERY_CANCEL;

/*
 * With a callback it returns DNS_REQUEST_PENDING and calls back exactly once,
 * on another thread and perhaps before it has returned; or it returns another
 * status, which is final, and does not call back.
 */
DNS_STATUS WINAPI DnsQueryEx(PDNS_QUERY_REQUEST pQueryRequest,
			     PDNS_QUERY_RESULT pQueryResults,
			     PDNS_QUERY_CANCEL pCancelHandle);
/*
 * 0: the callback will be, or is being, made with ERROR_CANCELLED, and not one
 * packet of the query is sent after it was entered. ERROR_INVALID_PARAMETER:
 * no such query, or its own end came first (0 as well with
 * WINDNS_LATE_CANCEL=success in the environment).
 */
DNS_STATUS WINAPI DnsCancelQuery(PDNS_QUERY_CANCEL pCancelHandle);

/*
 * Not part of the Windows API: callbacks in the caller's own loop.
 *
 * WinDnsGetFd gives a file descriptor that polls readable when a callback is
 * due, and WinDnsDispatch makes the callbacks that are due, waits for none, and
 * returns how many there were. From the first WinDnsGetFd on all callbacks of
 * the process are made that way; it has to come before the first asynchronous
 * query (otherwise -1, ERROR_NOT_SUPPORTED). -1 as well if DNS cannot start.
 * When the DNS driver has ended, the next WinDnsGetFd gives a new descriptor.
 */
int WinDnsGetFd(void);
int WinDnsDispatch(void);

#ifdef __cplusplus
}
#endif

#define WINDNS_LAYOUT(type, bytes, last, at)				\
	WINBASE_ASSERT(sizeof(type) == (bytes) && offsetof(type, last) == (at))
WINDNS_LAYOUT(DNS_ADDR, 64, Data, 32);
WINDNS_LAYOUT(DNS_ADDR_ARRAY, 96, AddrArray, 32);
WINDNS_LAYOUT(DNS_QUERY_CANCEL, 32, Reserved, 0);
WINDNS_LAYOUT(DNS_CUSTOM_SERVER, 56, MaxSa, 24);
#ifdef __LP64__
WINDNS_LAYOUT(DNS_QUERY_REQUEST, 64, pQueryContext, 56);
WINDNS_LAYOUT(DNS_QUERY_REQUEST, 64, QueryOptions, 24);
WINDNS_LAYOUT(DNS_QUERY_REQUEST3, 88, pCustomServers, 80);
WINDNS_LAYOUT(DNS_QUERY_RESULT, 32, pQueryRecords, 16);
WINDNS_LAYOUT(DNS_RECORDW, 88, Data, 32);
WINDNS_LAYOUT(DNS_RECORDA, 88, Data, 32);
WINDNS_LAYOUT(DNS_SOA_DATAW, 40, dwDefaultTtl, 32);
WINDNS_LAYOUT(DNS_MX_DATAW, 16, wPreference, 8);
WINDNS_LAYOUT(DNS_TXT_DATAW, 16, pStringArray, 8);
WINDNS_LAYOUT(DNS_SRV_DATAW, 16, wPort, 12);
WINDNS_LAYOUT(DNS_NAPTR_DATAW, 40, pReplacement, 32);
WINDNS_LAYOUT(DNS_SIG_DATAW, 40, Signature, 32);
WINDNS_LAYOUT(DNS_NSEC_DATAW, 16, TypeBitMaps, 12);
WINDNS_LAYOUT(DNS_TSIG_DATAW, 56, bPacketPointers, 52);
WINDNS_LAYOUT(DNS_TKEY_DATAW, 56, bPacketPointers, 52);
#else
WINDNS_LAYOUT(DNS_QUERY_REQUEST, 40, pQueryContext, 36);
WINDNS_LAYOUT(DNS_QUERY_REQUEST3, 56, pCustomServers, 52);
WINDNS_LAYOUT(DNS_QUERY_RESULT, 24, pQueryRecords, 16);
#endif
WINBASE_ASSERT(offsetof(DNS_NSEC3_DATA, chData) == 8);
WINBASE_ASSERT(offsetof(DNS_NSEC3PARAM_DATA, pbSalt) == 8);
WINBASE_ASSERT(offsetof(DNS_TLSA_DATA, bCertificateAssociationData) == 9);

#pragma GCC visibility pop

#endif
