// Duties for the mock: id | kind | status | Vietnamese title | English title | who | scope.
const rows = `
D5.0.3|M|met|Không soạn, lưu bí mật nhà nước trên máy nối mạng|No state secrets on networked machines|agency|workstation
D6.1.1|W|met|Dùng đúng đầu mối ứng cứu sự cố của thành phố|Use the city's incident contact point|agency|org
D7.1.1|W|unknown|Tài liệu quy mô, phạm vi, đối tượng sử dụng, vận hành|Document size, scope, users and operators|owner|system
D7.5.1|W|na|Đánh giá lại phương án thiết kế khi có thay đổi|Review the design when it changes|owner|system
D8.3.1|W|na|Kiểm thử trên môi trường thử nghiệm trước khi sử dụng|Test in a separate environment before use|owner|software
D10.1.1|W|met|Phân loại, xác định cấp độ từng hệ thống|Classify every system and set its level|owner|system
D10.2.1|W|overdue|Hệ thống đang vận hành phải thẩm định, phê duyệt cấp độ|Have the level of running systems approved|owner|system
D11.1.1|A|unknown|Giao trách nhiệm quản lý, sử dụng từng thiết bị|Name a person for every device|agency|workstation
D11.5.3|W|unknown|Định kỳ kiểm tra, sửa chữa, bảo trì, cả dự phòng|Check and maintain equipment, spares too|operator|server
D12.2.b.1|W|met|Ghi nhật ký vào, ra phòng máy chủ|Keep a book of entries to the server room|server_room_owner|server_room
D12.2.d.1|A|failed|Lưu điện duy trì máy chủ khi mất điện|Batteries carry the servers through a power cut|server_room_owner|server_room
D12.3.a.1|A|met|Mạng nội bộ ra Internet phải qua tường lửa|The network reaches the Internet through a firewall|operator|network_device
D12.3.b.5|A|met|Mã hóa Wi-Fi WPA2 hoặc WPA3|Wi-Fi uses WPA2 or WPA3|operator|wifi
D12.3.b.7|W|overdue|Đổi mật mã Wi-Fi nội bộ định kỳ|Change the internal Wi-Fi key regularly|operator|wifi
D12.3.dd.1|W|unknown|Thông báo Công an thành phố khi dùng Internet ngoài mạng chuyên dùng|Tell the city police about other Internet lines|agency|org
D12.5.1|A|failed|Thường xuyên vá lỗ hổng thiết bị mạng|Keep network devices patched|operator|network_device
D13.2.1|A|met|Cài đặt phần mềm phòng chống mã độc|Install malware protection|user|workstation
D13.2.2|A|met|Tự động cập nhật cơ sở dữ liệu mã độc|Update malware data automatically|user|workstation
D13.3.1|A|unknown|Chỉ cài đặt phần mềm hợp lệ|Install only allowed software|user|software
D13.6.1|A|met|Thay đổi mật khẩu hệ thống định kỳ|Change system passwords regularly|user|account
D13.6.3|A|met|Tự động khóa sau 03–05 lần đăng nhập sai|Lock an account after 3 to 5 wrong passwords|operator|account
D13.6.6|A|met|Mật khẩu tối thiểu 08 ký tự|Passwords have at least 8 characters|operator|account
D14.0.1|A|met|Ghi nhận đầy đủ thông tin nhật ký thao tác hệ thống|Record complete logs of system actions|operator|log
D14.0.2|A|met|Lưu giữ nhật ký trong khoảng thời gian nhất định|Keep logs for the set time|operator|log
D14.0.3|W|overdue|Thường xuyên theo dõi bản ghi nhật ký, sự kiện|Review logs and events regularly|operator|log
D14.0.4|W|unknown|Đánh giá, báo cáo rủi ro và mức độ nghiêm trọng|Assess and report risks and their severity|officer|log
D15.1.1|W|met|Xây dựng quy định quản lý tài khoản truy cập|Write the rules for accounts|agency|org
D15.4.1|W|met|Thông báo khi chuyển vị trí, thôi việc, nghỉ chế độ|Report moves and leavers|agency|account
D15.5.2|A|unknown|Giao đích danh tài khoản quản trị cho cá nhân|Give each administrator account to one person|operator|admin_account
D15.6.c.1|A|met|Chỉ 01 truy cập quyền quản trị duy nhất|Only one administrator session at a time|operator|admin_account
D15.6.c.2|A|met|Tự động thoát phiên quản trị khi không hoạt động|End idle administrator sessions|operator|admin_account
D16.1.a.1|W|unknown|Có bộ phận giám sát hệ thống 24/7|Have somebody watch the systems day and night|agency|org
D16.1.b.2|A|met|Cảnh báo tự động khi thiết bị dừng hoạt động|Warn when a device stops|operator|server
D16.1.c.2|A|met|Giám sát hiệu năng CPU/RAM|Watch processor and memory load|operator|server
D16.2.a.1|A|failed|Sao lưu cấu hình định kỳ hàng tháng|Back up configurations monthly|operator|backup
D16.2.b.2|A|unknown|Tập tin cấu hình được mã hóa|Configuration files are encrypted|operator|backup
D16.3.d.1|A|met|Ghi nhật ký toàn bộ thao tác cấu hình|Log every configuration action|operator|log
D17.1.c.1|A|met|Độ dài khóa bí mật mã hóa dữ liệu|Length of encryption keys|operator|key
D17.2.dd.1|A|met|Mỗi khóa có nhật ký quản lý|Every key has its own record|operator|key
D17.6.3|A|unknown|Sao lưu cơ sở dữ liệu|Back up databases|operator|backup
D18.1.c.1|A|unknown|Giải pháp chống mã độc quản lý tập trung|Malware protection is managed centrally|operator|software
D19.3.1|A|met|Gửi nhật ký từ đối tượng về hệ thống giám sát|Send logs to the monitoring system|operator|log
D19.7.1|A|failed|Đồng bộ thời gian toàn bộ thành phần|Synchronise all clocks|operator|system
D19.8.2|A|met|Cảnh báo sự cố phát hiện được|Warn about detected incidents|monitoring_team|incident
D20.2.b.1|A|met|Xử lý điểm yếu nghiêm trọng trong 01 ngày|Fix critical weaknesses within 1 day|operator|vulnerability
D20.2.c.1|A|failed|Xử lý điểm yếu mức cao trong 02 ngày|Fix high weaknesses within 2 days|operator|vulnerability
D20.5.1|W|unknown|Đánh giá điểm yếu toàn bộ hệ thống hàng năm|Assess all systems yearly|operator|vulnerability
D21.2.a.2|W|met|Xây dựng phương án ứng phó sự cố|Write the incident response plan|agency|incident
D21.4.1|W|overdue|Diễn tập phương án xử lý sự cố hàng năm|Hold an incident drill every year|agency|incident
D22.1.c.1|A|unknown|Không nối thiết bị lưu trữ ngoài vào máy bàn|No external storage on desktop machines|user|storage_media
D22.3.b.1|A|unknown|Khóa máy khi rời vị trí làm việc|Lock the screen when leaving|user|workstation
D23.2.1|W|met|Hợp đồng xác định phạm vi, trách nhiệm, quyền, nghĩa vụ|Contracts state scope, duties and rights|agency|contract
D24.2.1|W|na|Xóa dữ liệu không phục hồi trước thanh lý|Erase data for good before disposal|agency|storage_media
D25.2.c.2|W|unknown|Báo cáo ban đầu theo Mẫu số 03|First report by Form 03|officer|incident
D26.3.1|W|met|Phân công bộ phận, cán bộ phụ trách|Name the officer in charge|head|person
D26.5.1|A|unknown|Công bố đầu mối tiếp nhận sự cố trên cổng thông tin|Publish the incident contact on the portal|agency|org
D26.8.1|A|unknown|Duy trì kết nối giám sát với Công an thành phố|Keep the monitoring link to the city police|agency|org
D28.1.1|W|na|Gửi kiến nghị vướng mắc về Công an thành phố|Send difficulties to the city police|agency|org
`.trim().split('\n').map((line) => line.split('|'));

const articleTitles = {
  5: ['Những hành vi nghiêm cấm', 'Forbidden acts'],
  6: ['Đầu mối liên hệ, ứng cứu sự cố', 'Contact points'],
  7: ['Thiết kế an toàn hệ thống', 'Safe design of systems'],
  8: ['Phát triển phần mềm thuê khoán', 'Contracted software'],
  10: ['Xác định cấp độ và phương án bảo đảm an toàn', 'Levels of systems'],
  11: ['Quản lý trang thiết bị', 'Equipment'],
  12: ['Bảo đảm an toàn hạ tầng vật lý', 'Physical infrastructure'],
  13: ['Bảo đảm an toàn khi sử dụng máy tính', 'Use of computers'],
  14: ['Quản lý nhật ký hệ thống', 'System logs'],
  15: ['Quản lý tài khoản truy cập hệ thống', 'Accounts'],
  16: ['Quản lý an toàn máy chủ và ứng dụng', 'Servers and applications'],
  17: ['Quản lý an toàn dữ liệu', 'Data'],
  18: ['Quản lý phòng chống mã độc', 'Malware'],
  19: ['Quản lý giám sát an toàn hệ thống', 'Monitoring'],
  20: ['Quản lý điểm yếu', 'Weaknesses'],
  21: ['Quản lý sự cố', 'Incidents'],
  22: ['Quản lý an toàn người sử dụng đầu cuối', 'End users'],
  23: ['Quản lý thuê dịch vụ', 'Hired services'],
  24: ['Kết thúc vận hành, thanh lý, hủy bỏ', 'End of life'],
  25: ['Trách nhiệm của cán bộ, công chức', 'Duties of officers'],
  26: ['Trách nhiệm của các cơ quan nhà nước', 'Duties of agencies'],
  28: ['Điều khoản thi hành', 'Final provisions'],
};
const text = ([vi, en]) => ({ vi, en });
const chapterOf = (n) => (n < 7 ? 'I' : n < 11 ? 'II' : n < 25 ? 'III' : 'IV');

export const chapters = [
  { id: 'I', title: text(['Quy định chung', 'General provisions']) },
  { id: 'II', title: text(['Bảo đảm an toàn khi thiết kế, xây dựng', 'Safety in design and building']) },
  { id: 'III', title: text(['Bảo đảm an toàn trong quản lý, vận hành', 'Safety in management and operation']) },
  { id: 'IV', title: text(['Tổ chức thực hiện', 'Implementation']) },
];
export const articles = Object.entries(articleTitles).map(([n, title]) => ({ n: Number(n), chapter: chapterOf(Number(n)), title: text(title) }));

function clause(id) {
  const [, article, paragraph, maybe] = id.match(/^D(\d+)\.(\w+)(?:\.([a-z]+))?/);
  const point = maybe?.replace('dd', 'đ');
  const vi = [point && `điểm ${point}`, paragraph !== '0' && `khoản ${paragraph}`, `Điều ${article}`].filter(Boolean).join(' ');
  return { vi, en: `Article ${article}${paragraph !== '0' ? `(${paragraph})` : ''}${point ? `(${point})` : ''}` };
}

const HOUR = 3600_000;
const reasons = {
  met: (a) => ({ code: 'fresh', args: {}, vi: a ? 'Kết quả kiểm tra gần nhất đạt và còn hiệu lực.' : 'Văn bản đã được duyệt và còn hiệu lực.', en: a ? 'The latest check passed and still counts.' : 'The approved document still counts.' }),
  failed: () => ({ code: 'check_failed', args: {}, vi: 'Kiểm tra lúc gần nhất cho kết quả không đạt trên 2 đối tượng.', en: 'The latest check did not pass for 2 subjects.' }),
  overdue: () => ({ code: 'late', args: {}, vi: 'Đến hạn mà chưa có bằng chứng mới.', en: 'The deadline passed without new evidence.' }),
  unknown: (a) => ({ code: 'no_evidence', args: {}, vi: a ? 'Chưa nhận được dữ liệu để kiểm tra.' : 'Chưa có văn bản đính kèm.', en: a ? 'No data to check yet.' : 'No document attached yet.' }),
  na: () => ({ code: 'exception', args: {}, vi: 'Không áp dụng đến 30/06/2027 theo văn bản đã duyệt.', en: 'Not applicable until 30/06/2027 by an approved document.' }),
};

/** On the first day nothing is proved yet. */
export function makeDuties(now, empty) {
  return rows.map(([id, verification, later, vi, en, who, scope], i) => {
    const status = empty ? 'unknown' : later;
    const article = Number(id.match(/^D(\d+)/)[1]);
    const auto = verification === 'A';
    const due = status === 'overdue' ? now - (i + 3) * 9 * HOUR : status === 'unknown' && !auto ? now + (i % 9 + 1) * 26 * HOUR : null;
    return {
      id, clause: clause(id), title: { vi, en }, chapter: chapterOf(article), article, who: [who], scope: [scope], verification, status,
      reason: reasons[status](auto), due: due ? new Date(due).toISOString() : null,
      checked: status === 'na' || (!auto && status === 'unknown') ? null : new Date(now - (i % 7 + 1) * 700_000).toISOString(),
      todo: auto
        ? { vi: 'Mở kết quả kiểm tra, xử lý từng đối tượng chưa đạt rồi chờ lần kiểm tra kế tiếp.', en: 'Open the results, put each subject right, then wait for the next check.' }
        : { vi: 'Đính kèm văn bản đã ký; người thứ hai duyệt thì nghĩa vụ chuyển sang đạt.', en: 'Attach the signed document; when a second person approves it the duty is met.' },
    };
  });
}

export function explain(duty) {
  return {
    what: { vi: `${duty.title.vi}, theo ${duty.clause.vi} của Quy chế.`, en: `${duty.title.en}, by ${duty.clause.en} of the regulation.` },
    why: { vi: 'Khi có sự cố, đây là căn cứ để biết ai đã làm gì, lúc nào, và để khôi phục nhanh.', en: 'After an incident this shows who did what and when, and makes recovery quick.' },
    now: duty.todo,
  };
}

export function counts(duties) {
  const sum = { met: 0, failed: 0, overdue: 0, unknown: 0, na: 0 };
  for (const duty of duties) sum[duty.status]++;
  return sum;
}
